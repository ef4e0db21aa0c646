import { type Database, type Tenant, withTenant } from "./postgres.ts";
import { CredentialError } from "./secrets.ts";
import { holdPace } from "./sending_pace.ts";
import type { OutgoingText, WhatsApp } from "./whatsapp.ts";
import {
  isTokenRefused,
  isWindowClosed,
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
  pauseAfter,
} from "./whatsapp_errors.ts";
import {
  AccessTokenMissingError,
  type ChatbotNumber,
  type WhatsAppFor,
} from "./whatsapp_numbers.ts";

/** A message whose `sending` is committed with an attempt number: whoever committed it sends it. */
export type Sending = ChatbotNumber &
  Pick<OutgoingText, "body" | "phone" | "bsuid" | "traceparent"> & {
    readonly id: number;
    readonly attempts: number;
    readonly delivery_key: string;
    readonly contact_id: string;
    /** whether WhatsApp takes free text: the contact wrote within 24 hours */
    readonly is_window_open: boolean;
    readonly reply_template_name: string | null;
    readonly reply_template_language: string | null;
  };

/**
 * SQL. Meta counts 24 hours from the contact's last message; the minute is for the way between us. Where we know no
 * message of the contact's, WhatsApp has to say it.
 */
export const isWindowOpen = (contactId: string) => `coalesce((
  select w.sent_at > now() - interval '23 hours 59 minutes' from messages w
  where w.contact_id = ${contactId} and w.author = 'contact'
  order by w.sent_at desc limit 1
), true)`;

/** SQL about the chatbot `b`: its token is not the one that Meta refused. */
export const IS_TOKEN_USABLE =
  "(b.refused_access_token is null or b.refused_access_token is distinct from b.whatsapp_access_token)";

/**
 * Calls WhatsApp with no transaction open, commits what came of it, and returns the wamid.
 * Throws MessageRefusedError (the message is `failed`, or `pending` when it was the token that was refused),
 * AccessTokenMissingError or CredentialError (`failed`),
 * MessageDelayedError (`pending` again, so a retry may send it) or MessageOutcomeUnknownError (`unknown`: only
 * recover_turns lets it be sent again).
 */
export async function sendMessage(
  database: Database,
  whatsAppFor: WhatsAppFor,
  sending: Sending,
): Promise<string> {
  const record = (sent: Sent, error?: unknown) =>
    withTenant(database, sending.organization_id, async (tenant) => {
      await recordAttempt(tenant, sending, sent);
      await heed(tenant, sending, error);
    });
  try {
    const { wamid } = await call(whatsAppFor(sending), sending);
    await record({ status: "accepted", wamid });
    return wamid;
  } catch (error) {
    const sent = statusAfter(error);
    // what else can go wrong is our own commit: the row stays `sending` until recover_turns doubts it
    if (sent) await record(sent, error);
    throw error;
  }
}

/** A template outside the window, where the chatbot has one, also when WhatsApp knows better than we do. */
async function call(whatsApp: WhatsApp, sending: Sending): Promise<{ wamid: string }> {
  const { body, phone, bsuid, delivery_key: deliveryKey, traceparent = null } = sending;
  const message = { body, phone, bsuid, deliveryKey, traceparent };
  const { reply_template_name: name, reply_template_language: language } = sending;
  const template = name !== null && language !== null ? { name, language } : undefined;
  if (!sending.is_window_open && template) return whatsApp.sendTemplate({ ...message, template });
  try {
    return await whatsApp.sendText(message);
  } catch (error) {
    const isClosed = error instanceof MessageRefusedError && isWindowClosed(error.refusal);
    if (!isClosed || !template) throw error;
    return whatsApp.sendTemplate({ ...message, template });
  }
}

type Sent =
  | { readonly status: "accepted"; readonly wamid: string }
  | { readonly status: "failed" | "pending" | "unknown"; readonly error: object };

function statusAfter(error: unknown): Sent | undefined {
  if (error instanceof MessageRefusedError) {
    // a new token may send it
    const status = isTokenRefused(error.refusal) ? "pending" : "failed";
    return { status, error: { kind: error.kind, ...error.refusal } };
  }
  if (error instanceof MessageDelayedError) {
    return { status: "pending", error: { kind: error.kind, ...error.refusal } };
  }
  if (error instanceof MessageOutcomeUnknownError) {
    return { status: "unknown", error: { kind: "unknown", details: error.message } };
  }
  if (error instanceof AccessTokenMissingError || error instanceof CredentialError) {
    return { status: "failed", error: { kind: "tenant_stopped", details: error.message } };
  }
  return undefined;
}

/** Only for the attempt that made the call, and never back: a status webhook may have been faster. */
async function recordAttempt(tenant: Tenant, sending: Sending, sent: Sent): Promise<void> {
  if (sent.status === "accepted") {
    await tenant.query(
      `update messages set
         wamid = coalesce(wamid, $3),
         delivery_status = case when delivery_rank(delivery_status) < delivery_rank('accepted')
           then 'accepted' else delivery_status end,
         delivery_error = null,
         status_changed_at = now()
       where id = $1 and attempts = $2`,
      [sending.id, sending.attempts, sent.wamid],
    );
    return;
  }
  await tenant.query(
    `update messages set delivery_status = $3, delivery_error = $4, status_changed_at = now(),
       unheard_attempts = unheard_attempts + case $3 when 'unknown' then 1 else 0 end
     where id = $1 and attempts = $2 and delivery_status = 'sending'`,
    [sending.id, sending.attempts, sent.status, JSON.stringify(sent.error)],
  );
}

/** What WhatsApp's answer means for the messages that come after this one. */
async function heed(tenant: Tenant, sending: Sending, error: unknown): Promise<void> {
  if (error instanceof MessageRefusedError && isTokenRefused(error.refusal)) {
    await tenant.query(
      "update chatbots set refused_access_token = $2 where id = $1 and whatsapp_access_token = $2",
      [sending.chatbot_id, JSON.stringify(sending.whatsapp_access_token)],
    );
  }
  if (!(error instanceof MessageDelayedError) || !error.refusal) return;
  const pause = pauseAfter(error.refusal, sending.attempts);
  if (pause) await holdPace(tenant, sending, pause.limit, pause.seconds);
}
