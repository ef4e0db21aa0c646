import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.ts";
import { startTestStack, type TestStack } from "../helpers/test_stack.ts";

/** WHATSAPP_WEBHOOKS_DIR: a folder with webhook bodies, such as those in the tests of other projects. */
const bodies = bodiesUnder(process.env.WHATSAPP_WEBHOOKS_DIR ?? "");

type JsonObject = { [name: string]: unknown };

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  // a batch of all of them is no conversation, and would be silenced as a flood
  await stack.admin.query("update chatbots set turns_per_minute = null, turns_per_hour = null");
});
afterAll(() => stack.close());

it("every body is answered 200, as it is and as one of ours, and each of its events ends", async () => {
  expect(bodies.length).toBeGreaterThan(0);
  for (const [at, body] of bodies.entries()) {
    for (const sent of [body, asOurs(body, at)]) {
      const answer = await stack.whatsapp.sendRawWebhook(sent);
      expect({ at, status: answer.status }).toEqual({ at, status: 200 });
    }
  }
  const events = await eventually(
    async () => {
      const rows = await stack.admin.query<{ status: string; kind: string; error: string | null }>(
        "select kind, status, error from webhook_events where chatbot_id is not null",
      );
      expect(rows.filter(({ status }) => isOpen(status))).toEqual([]);
      return rows;
    },
    { withinMs: 240_000, everyMs: 500 },
  );
  // control: there were messages, and they reached the flow
  expect(events.some(({ kind, status }) => kind === "message" && status === "completed")).toBe(
    true,
  );
  expect(events.filter(({ status, error }) => status === "failed" && error === null)).toEqual([]);
  const open = await stack.admin.query("select id from turns where finished_at is null");
  expect(open).toEqual([]);
});

function isOpen(status: string): boolean {
  return status === "received" || status === "processing";
}

/** To our number, now, and with ids of its own: examples of one project share theirs. */
function asOurs(body: JsonObject, at: number): unknown {
  const { phoneNumberId } = stack.shop.phoneNumber;
  const seconds = String(Math.floor(Date.now() / 1_000));
  return JSON.parse(JSON.stringify(body), function (this: JsonObject, name, value: unknown) {
    if (name === "phone_number_id") return phoneNumberId;
    if (name === "timestamp" && typeof value === "string") return seconds;
    const isMessage = name === "id" && "type" in this && "timestamp" in this;
    return isMessage && typeof value === "string" ? `${value}.${at}` : value;
  });
}

/** Out of every JSON file, and every block of JSON in a Markdown file, however deep it is. */
function bodiesUnder(directory: string): JsonObject[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .sort()
    .flatMap((name) => documentsIn(join(directory, name)))
    .flatMap(bodiesIn);
}

function documentsIn(file: string): unknown[] {
  if (extname(file) === ".json") return [JSON.parse(readFileSync(file, "utf8"))];
  if (extname(file) !== ".md") return [];
  const blocks = readFileSync(file, "utf8").matchAll(/^```json\n(.*?)^```/gms);
  return [...blocks].map(([, block = ""]) => JSON.parse(block) as unknown);
}

function bodiesIn(document: unknown): JsonObject[] {
  if (typeof document !== "object" || document === null) return [];
  if ("entry" in document && Array.isArray(document.entry)) return [document as JsonObject];
  return Object.values(document).flatMap(bodiesIn);
}
