import type { Express, Request } from "express";
import { GraphError } from "./graph_error.ts";
import { unknownObject } from "./install_guards.ts";
import type { MetaApp } from "./meta_app.ts";
import type { PhoneNumber } from "./types.ts";

export interface ManagementDeps {
  app: MetaApp;
  appSecret: string;
  phoneNumbers: ReadonlyMap<string, PhoneNumber>;
}

/** The fields of a phone number that this stand-in knows; Graph refuses a name that it does not know. */
const NUMBER_FIELDS: Readonly<Record<string, (number: PhoneNumber) => unknown>> = {
  id: ({ phoneNumberId }) => phoneNumberId,
  display_phone_number: ({ displayPhoneNumber }) => displayPhoneNumber,
  platform_type: () => "CLOUD_API",
  quality_rating: () => "GREEN",
  status: () => "CONNECTED",
};

/** What an operator asks of a token, a number, a business account and the app. Before the guard of tokens: it has its own. */
export function installManagement(express: Express, deps: ManagementDeps): void {
  express.get("/:version/debug_token", (req, res) => {
    requireAnyToken(req, deps);
    res.json({ data: describeToken(String(req.query.input_token ?? ""), deps) });
  });
  express.get("/:version/:appId/subscriptions", (req, res, next) => {
    if (req.params.appId !== deps.app.id) return next();
    requireAppToken(req, deps);
    res.json({ data: subscriptionsOf(deps.app) });
  });
  express.get("/:version/:accountId/phone_numbers", (req, res) => {
    const numbers = requireNumbersOf(req.params.accountId, req, deps);
    const fields = String(req.query.fields ?? "id,display_phone_number");
    res.json({ data: numbers.map((number) => fieldsOf(number, fields)) });
  });
  express.get("/:version/:accountId/subscribed_apps", (req, res) => {
    requireNumbersOf(req.params.accountId, req, deps);
    const isSubscribed = deps.app.subscribedAccounts.has(req.params.accountId);
    res.json({ data: isSubscribed ? [{ whatsapp_business_api_data: describeApp(deps.app) }] : [] });
  });
  express.get("/:version/:phoneNumberId", (req, res, next) => {
    const number = deps.phoneNumbers.get(req.params.phoneNumberId);
    if (number === undefined) return next();
    if (!requireNumbers(req, deps).includes(number)) throw unknownObject(number.phoneNumberId);
    res.json(fieldsOf(number, String(req.query.fields ?? "id,display_phone_number")));
  });
}

function bearerOf(req: Request): string {
  return /^Bearer (.+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
}

function requireNumbers(req: Request, { phoneNumbers }: ManagementDeps): PhoneNumber[] {
  const owned = ownedBy(bearerOf(req), phoneNumbers);
  if (owned.length > 0) return owned;
  throw new GraphError({ code: 190, details: "The access token is missing or not valid." });
}

/** Those of a business account that the token was given; Graph does not tell a foreign account from none. */
function requireNumbersOf(accountId: string, req: Request, deps: ManagementDeps): PhoneNumber[] {
  const numbers = requireNumbers(req, deps).filter(
    ({ businessAccountId }) => businessAccountId === accountId,
  );
  if (numbers.length === 0) throw unknownObject(accountId);
  return numbers;
}

function ownedBy(token: string, phoneNumbers: ReadonlyMap<string, PhoneNumber>): PhoneNumber[] {
  return [...phoneNumbers.values()].filter(({ accessToken }) => accessToken === token);
}

/** An app's own token is its id and its secret. */
function requireAppToken(req: Request, { app, appSecret }: ManagementDeps): void {
  if (bearerOf(req) === `${app.id}|${appSecret}`) return;
  throw new GraphError({ code: 190, details: "Invalid OAuth access token signature." });
}

function requireAnyToken(req: Request, deps: ManagementDeps): void {
  if (bearerOf(req) === `${deps.app.id}|${deps.appSecret}`) return;
  requireNumbers(req, deps);
}

/** An unknown token is an answer here, not a refusal. */
function describeToken(token: string, { app, phoneNumbers }: ManagementDeps) {
  const owned = ownedBy(token, phoneNumbers);
  if (owned.length === 0) {
    const message = "The access token could not be decrypted";
    return { error: { code: 190, message }, is_valid: false, scopes: [] };
  }
  const accounts = [...new Set(owned.map(({ businessAccountId }) => businessAccountId))];
  return {
    app_id: app.id,
    type: "SYSTEM_USER",
    application: app.name,
    // 0: never
    data_access_expires_at: 0,
    expires_at: app.tokenExpiresAt,
    is_valid: true,
    scopes: app.scopes,
    granular_scopes: app.scopes.map((scope) => ({ scope, target_ids: accounts })),
  };
}

function describeApp({ id, name }: MetaApp) {
  return { id, name, link: `https://www.facebook.com/games/?app_id=${id}` };
}

function subscriptionsOf({ callbackUrl, fields }: MetaApp) {
  if (callbackUrl === undefined) return [];
  return [
    {
      object: "whatsapp_business_account",
      callback_url: callbackUrl,
      active: true,
      fields: [...fields].map((name) => ({ name, version: "v25.0" })),
    },
  ];
}

function fieldsOf(number: PhoneNumber, fields: string): Record<string, unknown> {
  const names = new Set([...fields.split(","), "id"]);
  return Object.fromEntries(
    [...names].map((name) => {
      const read = Object.hasOwn(NUMBER_FIELDS, name) ? NUMBER_FIELDS[name] : undefined;
      if (read !== undefined) return [name, read(number)];
      throw new GraphError({
        code: 100,
        details: `Tried accessing nonexisting field (${name}) on node type (WhatsAppBusinessPhoneNumber)`,
      });
    }),
  );
}
