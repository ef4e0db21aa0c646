import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContextPayload } from "../../../f/chat/context.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
} from "../../../f/platform/whatsapp_errors.ts";
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
const OTHER = { sender_bsuid: "DE.2", sender_phone: "492" };

function answersGetLost(): void {
  desk.shop.whatsApp.onSend = async () => {
    throw new MessageOutcomeUnknownError("it did not answer in time");
  };
}

function answersComeAgain(): void {
  desk.shop.whatsApp.onSend = async () => undefined;
}

/** A reply whose answer by WhatsApp got lost, in a turn that its flow has left. */
async function unknownReply(): Promise<[event: number, context: ContextPayload]> {
  const event = await desk.shop.contactWrites("When do you open?");
  const context = await desk.shop.claim(event);
  await desk.shop.generate(context);
  answersGetLost();
  await expect(desk.shop.send(context)).rejects.toThrow(MessageOutcomeUnknownError);
  expect(await desk.shop.finish(context)).toMatchObject({ outcome: "left" });
  return [event, context];
}

async function replies({ turn_id }: ContextPayload): Promise<MessageRow[]> {
  const sql = "select * from messages where turn_id = $1 and author = 'chatbot' order by part";
  return db.query<MessageRow>(sql, [turn_id]);
}

/** Another contact writes to the same number after `time`, which proves that webhooks come. */
async function anotherWritesAfter(time: string): Promise<void> {
  await desk.passes(time);
  await desk.shop.answer(await desk.shop.contactWrites("Hi", OTHER));
}

/** Runs recover_turns and the flows that it starts, minute by minute, until nothing is left to do. */
async function runsToTheEnd(): Promise<void> {
  for (let minute = 0; minute < 60; minute++) {
    await desk.passes("1 minute");
    const known = desk.shop.startedFlows.length;
    await desk.run();
    for (const event of desk.shop.startedFlows.slice(known)) {
      const context = await desk.shop.load(event);
      if (context.outcome !== "reply") continue;
      await desk.shop.generate(context);
      await desk.shop.send(context).catch((error: unknown) => {
        if (!(error instanceof MessageOutcomeUnknownError)) throw error;
      });
      await desk.shop.finish(context);
    }
  }
}

describe("a message of which nobody knows whether WhatsApp has it", () => {
  it("is sent once more, with the same key, when webhooks come but its own does not", async () => {
    const [event, context] = await unknownReply();
    answersComeAgain();
    await anotherWritesAfter("2 minutes");
    desk.shop.whatsApp.sent.length = 0;
    expect(await desk.run()).toMatchObject({ deliveries_resent: 0, turns_restarted: 0 });
    await desk.passes("70 s");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 1, turns_restarted: 1 });
    expect(desk.shop.startedFlows).toEqual([event]);
    const again = await desk.shop.answer(event);
    expect(again.fence).toBeGreaterThan(context.fence);
    const [reply] = await replies(context);
    expect(desk.shop.whatsApp.sent).toMatchObject([
      { body: ANSWER, deliveryKey: reply?.delivery_key },
    ]);
    expect(reply).toMatchObject({ delivery_status: "accepted", unheard_attempts: 1 });
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
    expect(desk.shop.model.calls).toBe(2); // control: one of them for the other contact
  });

  it("is not sent again when its status webhook comes late, and its turn ends", async () => {
    const [event, context] = await unknownReply();
    answersComeAgain();
    await db.query("update messages set delivery_status = 'sent' where turn_id = $1 and part = 0", [
      context.turn_id,
    ]);
    await desk.passes("10 s");
    expect(await desk.run()).toMatchObject({ turns_restarted: 1 });
    await desk.shop.answer(event);
    expect(desk.shop.sentTexts()).toEqual([ANSWER]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
  });

  it("is not sent again when its status webhook comes after that was decided", async () => {
    const [event, context] = await unknownReply();
    answersComeAgain();
    await desk.passes("20 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 1 });
    await db.query("update messages set delivery_status = 'sent' where turn_id = $1 and part = 0", [
      context.turn_id,
    ]);
    await desk.shop.answer(event);
    expect(desk.shop.sentTexts()).toEqual([ANSWER]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
  });

  it("waits for a quarter of an hour when no webhook of its number comes", async () => {
    await unknownReply();
    await desk.passes("14 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 0 });
    await desk.passes("2 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 1 });
  });

  it("does not take what came with the call for a proof that webhooks come", async () => {
    await unknownReply();
    answersComeAgain();
    await anotherWritesAfter("30 s");
    await desk.passes("5 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 0 });
  });

  it("is sent twice at most: then it has failed with one alert, and so has its turn", async () => {
    const [, context] = await unknownReply();
    await runsToTheEnd();
    expect(desk.shop.sentTexts()).toEqual([ANSWER, ANSWER]);
    expect(await replies(context)).toMatchObject([
      { delivery_status: "failed", delivery_error: { kind: "unconfirmed" }, unheard_attempts: 2 },
    ]);
    expect(await desk.alerts()).toMatchObject([
      { kind: "delivery_unconfirmed", turn_id: context.turn_id },
    ]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed" });
  });

  it("may be put off between, which does not count: it was surely not sent then", async () => {
    const [event, context] = await unknownReply();
    await desk.passes("20 minutes");
    await desk.run();
    desk.shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("throttled", undefined);
    };
    const again = await desk.shop.claim(event);
    await expect(desk.shop.send(again)).rejects.toThrow(MessageDelayedError);
    answersComeAgain();
    await desk.shop.send(again);
    expect(await replies(context)).toMatchObject([
      { delivery_status: "accepted", unheard_attempts: 1, attempts: 3 },
    ]);
  });

  it("holds up what its contact writes meanwhile, which is answered next", async () => {
    const [event] = await unknownReply();
    const later = await desk.shop.contactWrites("And on Sunday?");
    expect(await desk.shop.load(later)).toMatchObject({ outcome: "queued" });
    await desk.passes("3 minutes");
    expect(await desk.shop.load(later)).toMatchObject({ outcome: "queued" });
    answersComeAgain();
    await desk.passes("20 minutes");
    await desk.run();
    await desk.shop.answer(event);
    expect(desk.shop.startedFlows).toEqual([event, later]);
    const next = await desk.shop.answer(later);
    expect(next.messages).toMatchObject([{ body: "And on Sunday?" }]);
  });

  it("holds up the parts after it, and each part arrives once", async () => {
    const event = await desk.shop.contactWrites("When do you open?");
    const context = await desk.shop.claim(event);
    await desk.shop.generate(context);
    await db.query("update turns set reply = repeat('Nine sharp. ', 700) where id = $1", [
      context.turn_id,
    ]);
    const parts: (number | undefined)[] = [];
    desk.shop.whatsApp.onSend = async ({ deliveryKey }) => {
      const at = (await replies(context)).find((part) => part.delivery_key === deliveryKey);
      parts.push(at?.part ?? undefined);
      if (parts.length === 2) throw new MessageOutcomeUnknownError("it did not answer in time");
    };
    await expect(desk.shop.send(context)).rejects.toThrow(MessageOutcomeUnknownError);
    expect(await desk.shop.send(context)).toMatchObject({ outcome: "not_sent_again" });
    await desk.shop.finish(context);
    await desk.passes("20 minutes");
    await desk.run();
    await desk.shop.answer(event);
    expect(parts).toEqual([0, 1, 1, 2]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
  });

  it("is not sent again to a contact whose conversation a person took over meanwhile", async () => {
    const [, context] = await unknownReply();
    answersComeAgain();
    await desk.shop.setContact("conversation_mode", "manual");
    await runsToTheEnd();
    expect(desk.shop.sentTexts()).toEqual([ANSWER]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "completed" });
    expect(await replies(context)).toMatchObject([{ delivery_status: "failed" }]);
    expect(await desk.alerts()).toMatchObject([{ kind: "delivery_unconfirmed" }]);
  });

  it("is withheld when a person takes over after that was decided", async () => {
    const [event, context] = await unknownReply();
    answersComeAgain();
    await desk.passes("20 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 1 });
    await desk.shop.setContact("conversation_mode", "manual");
    await desk.shop.answer(event);
    expect(desk.shop.sentTexts()).toEqual([ANSWER]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed" });
  });

  it("is sent once more when it says that something went wrong", async () => {
    const context = await desk.shop.claim(await desk.shop.contactWrites("When do you open?"));
    answersGetLost();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await db.query("update turns set recoveries = 5");
    await desk.passes("3 minutes");
    expect(await desk.run()).toMatchObject({ turns_failed: 1 });
    warn.mockRestore();
    expect(await desk.shop.turn(context)).toMatchObject({ status: "replying" });
    answersComeAgain();
    await runsToTheEnd();
    const { error_message } = desk.shop.chatbot;
    expect(desk.shop.sentTexts()).toEqual([error_message, error_message]);
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed", reply_kind: "error" });
  });
});

describe("a message whose sender died", () => {
  it("is unknown once nobody can be sending it, and not before, and is sent once more", async () => {
    const [event, context] = await unknownReply();
    await db.query(
      "update messages set delivery_status = 'sending', unheard_attempts = 0 where author = 'chatbot'",
    );
    await desk.passes("1 minute");
    expect(await desk.run()).toMatchObject({ deliveries_unknown: 0, turns_restarted: 0 });
    await desk.passes("2 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_unknown: 1, turns_restarted: 0 });
    expect(await replies(context)).toMatchObject([
      { delivery_status: "unknown", unheard_attempts: 1 },
    ]);
    answersComeAgain();
    await desk.passes("15 minutes");
    expect(await desk.run()).toMatchObject({ deliveries_resent: 1 });
    await desk.shop.answer(event);
    expect(await replies(context)).toMatchObject([{ delivery_status: "accepted" }]);
  });
});
