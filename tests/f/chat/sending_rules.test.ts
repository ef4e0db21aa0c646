import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContextPayload } from "../../../f/chat/context.ts";
import { SendingTooFastError } from "../../../f/platform/sending_pace.ts";
import {
  type GraphRefusal,
  MessageDelayedError,
  MessageRefusedError,
  NumberStoppedError,
  WindowClosedError,
} from "../../../f/platform/whatsapp_errors.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import type { ChatbotRow, MessageRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const refusal = (code: number, more: Partial<GraphRefusal> = {}): GraphRefusal => ({
  status: 400,
  code,
  title: "no",
  details: "",
  ...more,
});

async function withReply(chatbot: Partial<ChatbotRow> = {}) {
  const shop = await openShop(db, { chatbot });
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  return { shop, context };
}

const replyOf = async ({ turn_id }: ContextPayload) =>
  (
    await db.query<MessageRow>("select * from messages where turn_id = $1 and author = 'chatbot'", [
      turn_id,
    ])
  )[0];

const paceContact = (shop: Shop, seconds: number) =>
  db.query(
    "update contacts set paced_until = clock_timestamp() + $2 * interval '1 s' where chatbot_id = $1",
    [shop.chatbot.id, seconds],
  );
/** In milliseconds. */
const pacedUntil = async (shop: Shop) =>
  (
    await db.query<{ paced_until: Date }>(
      "select paced_until from contacts where chatbot_id = $1",
      [shop.chatbot.id],
    )
  )[0]?.paced_until.getTime() ?? Number.NaN;

/** So many seconds, less what has passed since. */
function expectWait(error: unknown, seconds: number, startedAt: number): void {
  const passedMs = Date.now() - startedAt + 1;
  const waitMs = error instanceof SendingTooFastError ? error.waitMs : Number.NaN;
  expect(waitMs).toBeLessThanOrEqual(seconds * 1_000);
  expect(waitMs).toBeGreaterThanOrEqual(seconds * 1_000 - passedMs);
}

describe("the pace", () => {
  it("counts each message to a contact as six seconds of it", async () => {
    const { shop, context } = await withReply();
    await paceContact(shop, 100);
    const before = await pacedUntil(shop);
    await shop.send(context);
    expect((await pacedUntil(shop)) - before).toBe(6_000);
  });

  it("lets a contact have 45 messages at once, and puts the next one off without a trace", async () => {
    const { shop, context } = await withReply();
    const startedAt = Date.now();
    await paceContact(shop, 60 * 6);
    const refused = await shop.send(context).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SendingTooFastError);
    expect(refused).toMatchObject({ limit: "pair" });
    expectWait(refused, (60 - 44) * 6, startedAt);
    expect(shop.whatsApp.sent).toEqual([]);
    expect(await replyOf(context)).toMatchObject({ delivery_status: "pending", attempts: 0 });
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
    await paceContact(shop, 44 * 6 - 1); // control
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
  });

  it("waits for a slot that is near", async () => {
    const { shop, context } = await withReply();
    await paceContact(shop, 44 * 6 + 0.2);
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(await replyOf(context)).toMatchObject({ attempts: 1 });
  });

  it("is the number's, too", async () => {
    const { shop, context } = await withReply();
    await db.query(
      "update chatbots set paced_until = clock_timestamp() + interval '1 minute' where id = $1",
      [shop.chatbot.id],
    );
    await expect(shop.send(context)).rejects.toMatchObject({ limit: "number" });
    expect(await replyOf(context)).toMatchObject({ delivery_status: "pending" });
  });

  it.each([
    ["pair", 20, refusal(131056, { retryAfterSeconds: 20 })],
    ["number", 20, refusal(130429, { retryAfterSeconds: 20 })],
    ["number", 60, refusal(131057)],
    ["number", 300, refusal(80007)],
  ] as const)("is held for the %s for %i s after %j", async (limit, seconds, refused) => {
    const { shop, context } = await withReply();
    shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("throttled", refused);
    };
    const startedAt = Date.now();
    await expect(shop.send(context)).rejects.toThrow(MessageDelayedError);
    const again = await shop.send(context).catch((error: unknown) => error);
    expect(again).toMatchObject({ name: "SendingTooFastError", limit });
    expectWait(again, seconds, startedAt);
    expect(shop.whatsApp.sent).toHaveLength(1);
  });
});

describe("outside the 24-hour window", () => {
  const template = { reply_template_name: "late_answer", reply_template_language: "en_US" };
  const wroteLongAgo = ({ turn_id }: ContextPayload) =>
    db.query(
      "update messages set sent_at = now() - interval '24 hours' where turn_id = $1 and author = 'contact'",
      [turn_id],
    );

  it("sends no text, and says what to do", async () => {
    const { shop, context } = await withReply();
    await wroteLongAgo(context);
    await expect(shop.send(context)).rejects.toThrow(WindowClosedError);
    await expect(shop.send(context)).resolves.toMatchObject({ outcome: "not_sent_again" });
    expect(shop.whatsApp.sent).toEqual([]);
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "failed",
      delivery_error: { kind: "window_closed" },
    });
    expect(await shop.finish(context)).toMatchObject({ status: "failed" });
  });

  it("sends the chatbot's template", async () => {
    const { shop, context } = await withReply(template);
    await wroteLongAgo(context);
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(shop.whatsApp.sent).toMatchObject([
      { body: "We open at *nine*.", template: { name: "late_answer", language: "en_US" } },
    ]);
  });

  it("sends the template when WhatsApp says that the window is closed", async () => {
    const { shop, context } = await withReply(template);
    shop.whatsApp.onSend = async (message) => {
      if (!("template" in message)) throw new MessageRefusedError("permanent", refusal(131047));
    };
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(shop.whatsApp.sent.map((message) => "template" in message)).toEqual([false, true]);
  });

  it("sends text inside the window although there is a template", async () => {
    const { shop, context } = await withReply(template);
    await shop.send(context);
    expect(shop.whatsApp.sent.map((message) => "template" in message)).toEqual([false]);
  });
});

describe("an access token that Meta refused", () => {
  const token = (data: string) => ({
    v: "1",
    iv: "A".repeat(16),
    tag: `${"A".repeat(22)}==`,
    data,
  });

  it("is not used again, and its replies wait for the next token", async () => {
    const { shop, context } = await withReply({ whatsapp_access_token: token("b2xk") });
    shop.whatsApp.onSend = async () => {
      throw new NumberStoppedError(refusal(190));
    };
    await expect(shop.send(context)).rejects.toThrow(NumberStoppedError);
    shop.whatsApp.onSend = async () => undefined;
    expect(await shop.send(context)).toMatchObject({ outcome: "withheld" });
    expect(shop.whatsApp.sent).toHaveLength(1);
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
    await db.query("update chatbots set whatsapp_access_token = $2 where id = $1", [
      shop.chatbot.id,
      JSON.stringify(token("bmV3")),
    ]);
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
  });
});

it("leaves a chatbot's updated_at to its settings", async () => {
  const { shop, context } = await withReply();
  const changed = async () =>
    (
      await db.query<{ updated_at: Date }>("select updated_at from chatbots where id = $1", [
        shop.chatbot.id,
      ])
    )[0]?.updated_at;
  const before = await changed();
  await shop.send(context);
  expect(await changed()).toEqual(before);
  await db.query("update chatbots set name = 'New' where id = $1", [shop.chatbot.id]);
  expect(await changed()).not.toEqual(before); // control
});
