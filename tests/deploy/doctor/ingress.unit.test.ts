import { describe, expect, it } from "vitest";
import { ingress } from "../../../deploy/doctor/checks/ingress.ts";
import { publicWebhook } from "../../../deploy/doctor/checks/public_webhook.ts";
import { signature } from "../../../deploy/doctor/checks/signature.ts";
import { verifyToken } from "../../../deploy/doctor/checks/verify_token.ts";
import { makeClients } from "../../../deploy/doctor/clients.ts";
import { readSettings } from "../../../deploy/settings.ts";

const DATABASE_URL = "postgresql://nobody@127.0.0.1:1/none";

const SETTINGS = readSettings({
  DATABASE_URL,
  META_APP_SECRET: "the secret of the app",
  META_VERIFY_TOKEN: "the verify token",
});

/** Whatever is asked for, this is answered. */
const answering = (text: string) => ({
  ...makeClients(SETTINGS),
  http: async () => ({ status: 200, text, headers: new Headers() }),
});

describe("ingress", () => {
  const well = {
    database: "ok",
    windmill: "ok",
    waiting_events: 3,
    oldest_waiting_event_seconds: 20,
  };
  const judged = (change: object) =>
    ingress.run(answering(JSON.stringify({ ...well, ...change })), SETTINGS);

  it("is well while messages do not wait long", async () => {
    expect(await judged({})).toMatchObject([{ state: "ok" }]);
  });

  it.each([
    [{ database: "unreachable" }, "failed", "has no database"],
    [{ windmill: "unreachable" }, "failed", "does not reach Windmill"],
    [{ oldest_waiting_event_seconds: 90 }, "warning", "the oldest for 90 s"],
    [{ oldest_waiting_event_seconds: 200 }, "failed", "the oldest for 200 s"],
  ] as const)("says what /readyz tells: %j", async (change, state, what) => {
    expect(await judged(change)).toMatchObject([{ state, what: expect.stringContaining(what) }]);
  });
});

it("finds something else at the ingress' address, which answers 200 to everything", async () => {
  const page = answering("<h1>It works!</h1>");
  expect(await ingress.run(page, SETTINGS)).toMatchObject([
    { state: "failed", what: expect.stringContaining("is not our webhook server") },
  ]);
  expect(await signature.run(page, SETTINGS)).toMatchObject([
    { state: "failed", what: expect.stringContaining("a wrong signature was answered 200") },
  ]);
  expect(await verifyToken.run(page, SETTINGS)).toMatchObject([
    { state: "failed", what: expect.stringContaining("a wrong verify token was answered 200") },
  ]);
});

it("warns of no verify token where Meta is meant to ask for it, and skips it where not", async () => {
  const statesWith = async (env: Record<string, string>) => {
    const settings = readSettings({ DATABASE_URL, ...env });
    const checks = [verifyToken, publicWebhook];
    const verdicts = checks.map((check) => check.run(answering("never asked"), settings));
    return (await Promise.all(verdicts)).flat().map(({ state }) => state);
  };
  expect(await statesWith({})).toEqual(["skipped", "skipped"]);
  expect(await statesWith({ META_APP_SECRET: "a secret" })).toEqual(["warning", "skipped"]);
  const PUBLIC_WEBHOOK_URL = "https://bots.example.com/webhook";
  expect(await statesWith({ PUBLIC_WEBHOOK_URL })).toEqual(["warning", "skipped"]);
});
