import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContextPayload } from "../../../f/chat/context.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
} from "../../../f/platform/whatsapp_errors.ts";
import { connectIngress, statusEvent } from "../../db/webhook_recording.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import type { MessageRow } from "../../helpers/rows.ts";
import { openDesk, type RecoveryDesk } from "./recovery_desk.ts";

let db: TestDatabase;
let desk: RecoveryDesk;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  desk = await openDesk(db);
});
afterAll(() => db.close());

const ANSWER = "We open at *nine*.";
const WINDOW_CLOSED = { code: 131047, title: "Re-engagement message" };

async function replyOf({ turn_id }: ContextPayload): Promise<MessageRow> {
  const sql = "select * from messages where turn_id = $1 and author = 'chatbot'";
  const [reply] = await db.query<MessageRow>(sql, [turn_id]);
  if (!reply) throw new Error(`the turn ${turn_id} has no reply`);
  return reply;
}

/** What Meta posts of a message, a minute ago so that recover_turns looks at it. */
async function whatsAppSays(reply: MessageRow, delivery_status: string, more = {}): Promise<void> {
  const ingress = await connectIngress(db);
  const { phone_number_id } = desk.shop.chatbot;
  const changed_at = Math.floor(Date.now() / 1_000) - 61;
  const status = { wamid: reply.wamid ?? "", delivery_status, changed_at, ...more };
  await ingress.record([statusEvent(phone_number_id, status)]);
  await ingress.close();
}

/** A reply that WhatsApp took as text, and then refused as too late. */
async function refusedReply(template: string | null = "late_answer"): Promise<ContextPayload> {
  await db.query("update chatbots set reply_template_name = $1, reply_template_language = $2", [
    template,
    template && "en_US",
  ]);
  const context = await desk.shop.answer(await desk.shop.contactWrites("When do you open?"));
  await whatsAppSays(await replyOf(context), "failed", { delivery_error: WINDOW_CLOSED });
  return context;
}

const templatesSent = () => desk.shop.whatsApp.sent.filter((message) => "template" in message);

/** Runs it for two hours and sums up what it did about templates. */
async function runsForLong() {
  const sum = { templates_sent: 0, templates_put_off: 0, templates_failed: 0 };
  for (let minutes = 0; minutes < 120; minutes += 5) {
    const recovered = await desk.run();
    sum.templates_sent += recovered.templates_sent;
    sum.templates_put_off += recovered.templates_put_off;
    sum.templates_failed += recovered.templates_failed;
    await desk.passes("5 minutes");
  }
  return sum;
}

describe("a reply that WhatsApp took and then refused as later than 24 hours", () => {
  it("goes out as the chatbot's template, once, under a key of its own, and nobody is alarmed", async () => {
    const context = await refusedReply();
    const text = desk.shop.whatsApp.sent[0];
    expect(await runsForLong()).toMatchObject({ templates_sent: 1, templates_put_off: 0 });
    expect(templatesSent()).toMatchObject([
      { body: ANSWER, template: { name: "late_answer", language: "en_US" } },
    ]);
    expect(templatesSent()[0]?.deliveryKey).not.toBe(text?.deliveryKey);
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "accepted",
      delivery_key: templatesSent()[0]?.deliveryKey,
      delivery_error: null,
    });
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
    expect(await desk.alerts()).toEqual([]);
  });

  it("raises the alert at once where the chatbot has no template", async () => {
    await refusedReply(null);
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_failed", severity: "warning" }]);
    await db.query(
      "update chatbots set reply_template_name = 'new', reply_template_language = 'en'",
    );
    // somebody was told to answer by hand
    expect(await runsForLong()).toMatchObject({ templates_sent: 0 });
    expect(await desk.alerts()).toHaveLength(1);
  });

  it("is heard of by its new key and wamid only", async () => {
    const context = await refusedReply();
    const text = await replyOf(context);
    await desk.run();
    const template = await replyOf(context);
    await whatsAppSays(text, "delivered", { delivery_key: text.delivery_key });
    expect(await replyOf(context)).toMatchObject({ delivery_status: "accepted" });
    await whatsAppSays(template, "delivered"); // control
    expect(await replyOf(context)).toMatchObject({ delivery_status: "delivered" });
  });

  it("ends with an alert when the template is refused as well, at once or later", async () => {
    await refusedReply();
    desk.shop.whatsApp.onSend = async () => {
      const refusal = { status: 400, code: 132001, title: "no such template", details: "" };
      throw new MessageRefusedError("permanent", refusal);
    };
    expect(await runsForLong()).toMatchObject({ templates_sent: 0, templates_failed: 1 });
    expect(templatesSent()).toHaveLength(1);
    expect(await desk.alerts()).toMatchObject([
      { kind: "delivery_failed", summary: expect.stringContaining("132001") },
    ]);

    desk = await openDesk(db);
    const context = await refusedReply();
    await desk.run();
    await whatsAppSays(await replyOf(context), "failed", { delivery_error: WINDOW_CLOSED });
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_failed" }]);
    expect(await runsForLong()).toMatchObject({ templates_sent: 0, templates_failed: 0 });
    expect(templatesSent()).toHaveLength(1);
  });

  it.each([
    ["a person has the conversation", "update contacts set conversation_mode = 'manual'"],
    ["the contact is blocked", "update contacts set is_blocked = true"],
    ["the chatbot is switched off", "update chatbots set is_active = false"],
    [
      "the template is gone",
      "update chatbots set reply_template_name = null, reply_template_language = null",
    ],
  ])("is not sent when %s, and the alert says so", async (_, change) => {
    await refusedReply();
    await db.query(change);
    expect(await runsForLong()).toMatchObject({ templates_sent: 0, templates_failed: 1 });
    expect(templatesSent()).toEqual([]);
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_failed" }]);
  });

  it("is not sent after what the contact wrote since", async () => {
    await refusedReply();
    await desk.shop.answer(await desk.shop.contactWrites("Hello?"));
    expect(await runsForLong()).toMatchObject({ templates_sent: 0, templates_failed: 1 });
    expect(templatesSent()).toEqual([]);
  });

  it("is put off a bounded number of times, and then somebody is told", async () => {
    const context = await refusedReply();
    desk.shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("transient", undefined);
    };
    expect(await runsForLong()).toEqual({
      templates_sent: 0,
      templates_put_off: 5,
      templates_failed: 1,
    });
    expect(templatesSent()).toHaveLength(5);
    expect(await replyOf(context)).toMatchObject({ delivery_status: "failed" });
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_failed" }]);
  });

  it("waits for its turn at the pace and for a token that Meta takes, and goes out then", async () => {
    const context = await refusedReply();
    await db.query("update chatbots set paced_until = clock_timestamp() + interval '1 minute'");
    expect(await desk.run()).toMatchObject({ templates_put_off: 1 });
    const token = { v: "1", iv: "A".repeat(16), tag: `${"A".repeat(22)}==`, data: "b2xk" };
    await db.query(
      "update chatbots set paced_until = null, whatsapp_access_token = $1, refused_access_token = $1",
      [JSON.stringify(token)],
    );
    await desk.passes("3 minutes");
    expect(await desk.run()).toMatchObject({ templates_put_off: 1 });
    expect(templatesSent()).toEqual([]);
    await db.query("update chatbots set refused_access_token = null");
    await desk.passes("5 minutes");
    expect(await desk.run()).toMatchObject({ templates_sent: 1 });
    expect(await replyOf(context)).toMatchObject({ delivery_status: "accepted" });
  });

  it("is not sent again when nobody knows whether WhatsApp has it, and ends with one alert", async () => {
    const context = await refusedReply();
    desk.shop.whatsApp.onSend = async () => {
      throw new MessageOutcomeUnknownError("it did not answer in time");
    };
    await runsForLong();
    expect(templatesSent()).toHaveLength(1);
    expect(await replyOf(context)).toMatchObject({
      delivery_status: "failed",
      delivery_error: { kind: "unconfirmed" },
    });
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_unconfirmed" }]);
  });

  it("waits until its turn has ended", async () => {
    const context = await refusedReply();
    await db.query(
      "update turns set status = 'replying', finished_at = null, lease_expires_at = now() + interval '1 minute'",
    );
    expect(await desk.run()).toMatchObject({ templates_sent: 0 });
    await db.query("update turns set status = 'completed', finished_at = now()");
    expect(await desk.run()).toMatchObject({ templates_sent: 1 });
    expect(await replyOf(context)).toMatchObject({ delivery_status: "accepted" });
  });
});
