import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NoReplyError } from "../../../f/chat/agent/run_agent.ts";
import type { ContextPayload } from "../../../f/chat/context.ts";
import type { GraphRefusal } from "../../../f/platform/whatsapp_errors.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
} from "../../../f/platform/whatsapp_errors.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import type { MessageRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const refusal = (code: number): GraphRefusal => ({ status: 400, code, title: "no", details: "" });

async function withReply(shop: Shop, traceparent: string | null = null): Promise<ContextPayload> {
  const context = await shop.claim(await shop.contactWrites("When do you open?", { traceparent }));
  await shop.generate(context);
  return context;
}

async function replyOf({ turn_id }: ContextPayload): Promise<MessageRow | undefined> {
  const sql = "select * from messages where turn_id = $1 and author = 'chatbot'";
  return (await db.query<MessageRow>(sql, [turn_id]))[0];
}

describe("a reply", () => {
  it("is sent once, with the key that its status webhooks bring back and the webhook's trace", async () => {
    const shop = await openShop(db);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const context = await withReply(shop, traceparent);
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" }); // the job was restarted
    const reply = await replyOf(context);
    expect(shop.whatsApp.sent).toEqual([
      {
        body: "We open at *nine*.",
        phone: "4915112345678",
        bsuid: "DE.1234567890",
        deliveryKey: reply?.delivery_key,
        traceparent,
      },
    ]);
    expect(reply).toMatchObject({ delivery_status: "accepted", attempts: 1 });
    expect(reply?.wamid).toMatch(/^wamid\.out\./);
  });

  it("is sent in parts when it is longer than one message holds", async () => {
    const shop = await openShop(db);
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
    const model = shop.model.id;
    shop.model.answers = [{ model, kind: "text", text: "Nine o'clock sharp. ".repeat(300), usage }];
    const context = await withReply(shop);
    await shop.send(context);
    await shop.save(context);
    expect(shop.sentTexts()).toHaveLength(2);
    expect(shop.sentTexts().every((text) => text.length <= 4_096)).toBe(true);
  });

  it("is not sent by a run that another has taken the turn from", async () => {
    const shop = await openShop(db);
    const first = await withReply(shop);
    await shop.abandon(first);
    const second = await shop.claim(await shop.contactWrites("Hello?"));
    expect(await shop.send(first)).toMatchObject({ outcome: "superseded" });
    expect(await shop.save(first)).toMatchObject({ outcome: "superseded" });
    expect(await shop.log(first)).toMatchObject({ outcome: "superseded" });
    expect(await shop.finish(first)).toMatchObject({ outcome: "superseded" });
    expect(shop.whatsApp.sent).toEqual([]);
    expect(await shop.send(second)).toMatchObject({ outcome: "sent" }); // control
  });

  it.each([
    ["manual", "conversation_mode", "manual"],
    ["blocked", "is_blocked", true],
  ] as const)("is withheld when the contact became %s meanwhile", async (reason, column, value) => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    await shop.setContact(column, value);
    expect(await shop.send(context)).toMatchObject({ outcome: "withheld" });
    await shop.setContact(column, column === "is_blocked" ? false : "auto");
    expect(await shop.send(context)).toMatchObject({ outcome: "not_sent_again" });
    expect(shop.whatsApp.sent).toEqual([]);
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "failed",
      delivery_error: { reason },
    });
    expect(await shop.finish(context)).toMatchObject({ status: "failed" });
  });
});

describe("a reply that WhatsApp does not accept", () => {
  it("is unknown after a timeout, is not sent again at once, and its turn is left", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    shop.whatsApp.onSend = async () => {
      throw new MessageOutcomeUnknownError("it did not answer in time");
    };
    await expect(shop.send(context)).rejects.toThrow(MessageOutcomeUnknownError);
    expect(await replyOf(context)).toMatchObject({ delivery_status: "unknown", wamid: null });
    expect(await shop.send(context)).toMatchObject({ outcome: "not_sent_again" });
    expect(shop.whatsApp.sent).toHaveLength(1);
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
  });

  it("has failed after a refusal, and so has its turn", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    shop.whatsApp.onSend = async () => {
      throw new MessageRefusedError("permanent", refusal(131047));
    };
    await expect(shop.send(context)).rejects.toThrow(MessageRefusedError);
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "failed",
      delivery_error: { code: 131047, kind: "permanent" },
    });
    expect(await shop.send(context)).toMatchObject({ outcome: "not_sent_again" });
    await shop.finish(context);
    expect(await shop.turn(context)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("131047"),
    });
  });

  it("waits after a throttle, and is sent by the retry", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("throttled", refusal(131056));
    };
    await expect(shop.send(context)).rejects.toThrow(MessageDelayedError);
    expect(await replyOf(context)).toMatchObject({ delivery_status: "pending", attempts: 1 });
    shop.whatsApp.onSend = async () => undefined;
    expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "accepted",
      attempts: 2,
      delivery_error: null,
    });
  });

  it("holds its turn open while a copy of the job is sending it", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    let finished: unknown;
    shop.whatsApp.onSend = async () => {
      finished = await shop.finish(context);
    };
    await shop.send(context);
    expect(finished).toMatchObject({ outcome: "left" });
    expect(await replyOf(context)).toMatchObject({ delivery_status: "accepted" });
    expect(await shop.finish(context)).toMatchObject({ status: "completed" });
  });
});

describe("the turn", () => {
  it("does not move a delivery status back that a webhook has moved on", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    shop.whatsApp.onSend = async ({ deliveryKey }) => {
      await db.query("update messages set delivery_status = 'read' where delivery_key = $1", [
        deliveryKey,
      ]);
    };
    await shop.send(context);
    expect(await replyOf(context)).toMatchObject({ delivery_status: "read" });
  });

  it("asks the model once, however often the job is restarted", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    expect(await shop.generate(context)).toMatchObject({ outcome: "reply" });
    expect(shop.model.calls).toBe(1);
  });

  it("takes no reply of which WhatsApp can show nothing, nor one that PostgreSQL cannot store", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("When do you open?"));
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
    const model = shop.model.id;
    shop.model.answers = [
      { model, kind: "text", text: "---", usage },
      { model, kind: "text", text: "At\0 nine\uD83D.", usage },
    ];
    await expect(shop.generate(context)).rejects.toThrow(NoReplyError);
    await shop.generate(context);
    expect(await shop.turn(context)).toMatchObject({ reply: "At\uFFFD nine\uFFFD." });
  });

  it("takes no reply from a run that it was taken from while the model was thinking", async () => {
    const shop = await openShop(db);
    const first = await shop.claim(await shop.contactWrites("When do you open?"));
    shop.model.onAnswer = async () => {
      await shop.abandon(first);
      await shop.claim(await shop.contactWrites("Hello?"));
    };
    expect(await shop.generate(first)).toMatchObject({ outcome: "superseded" });
    expect(await shop.turn(first)).toMatchObject({ reply: null, fence: 2 });
  });

  it("is logged and settled exactly once", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    expect(await shop.log(context)).toMatchObject({ outcome: "logged", is_priced: true });
    expect(await shop.log(context)).toMatchObject({ outcome: "already_logged" });
    const logs = await db.query("select * from usage_logs where turn_id = $1", [context.turn_id]);
    // 60 uncached at 0.10, 40 cached at 0.01 and 20 out at 0.50 USD per million
    const cost = "0.00001640";
    const prices = {
      input_price_usd: "0.100000",
      cached_input_price_usd: "0.010000",
      output_price_usd: "0.500000",
    };
    expect(logs).toMatchObject([
      { model: "gpt-6-luna", input_tokens: 100, cost_usd: cost, ...prices },
    ]);
    const summaries = await db.query("select * from usage_summary where organization_id = $1", [
      shop.organization.id,
    ]);
    expect(summaries).toMatchObject([
      { messages_reserved: 0, messages_used: 1, tokens_used: 120, cost_usd: cost },
    ]);
  });

  it("starts the flow again when finish_turn died before it could", async () => {
    const shop = await openShop(db);
    const context = await withReply(shop);
    await shop.send(context);
    const later = await shop.contactWrites("And on Sunday?");
    await shop.finish(context);
    await shop.finish(context);
    expect(shop.startedFlows).toEqual([later, later]);
    expect((await shop.claim(later)).outcome).toBe("reply");
    expect(await shop.load(later)).toMatchObject({ outcome: "duplicate" });
  });
});
