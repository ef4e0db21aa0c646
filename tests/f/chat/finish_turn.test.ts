import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
} from "../../../f/platform/whatsapp_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function shopWithReply() {
  const shop = await openShop(db);
  const event = await shop.contactWrites("When do you open?");
  const context = await shop.claim(event);
  await shop.generate(context);
  return { shop, event, context };
}

function failsToSend(shop: Shop, error: Error): void {
  shop.whatsApp.onSend = async () => {
    throw error;
  };
}

describe("the turn of a reply that was surely not sent", () => {
  it("is left, because the job that should have sent it died, and the next run sends it once", async () => {
    const { shop, event, context } = await shopWithReply();
    await shop.save(context);
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
    expect(await shop.turn(context)).toMatchObject({ status: "replying", finished_at: null });

    const again = await shop.claim(event);
    await shop.generate(again);
    await shop.send(again);
    expect(await shop.finish(again)).toMatchObject({ outcome: "finished", status: "completed" });
    expect(shop.sentTexts()).toHaveLength(1);
  });

  it("is left when neither it nor its messages were written", async () => {
    const { shop, context } = await shopWithReply();
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
  });

  it("is left when WhatsApp throttled it to the last try", async () => {
    const { shop, context } = await shopWithReply();
    failsToSend(shop, new MessageDelayedError("throttled", undefined));
    await expect(shop.send(context)).rejects.toThrow(MessageDelayedError);
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
  });

  it("is left when only its last part was not sent, and the next run sends that part", async () => {
    const { shop, event, context } = await shopWithReply();
    await db.query("update turns set reply = repeat('Nine sharp. ', 500) where id = $1", [
      context.turn_id,
    ]);
    shop.whatsApp.onSend = async () => {
      if (shop.whatsApp.sent.length === 2) throw new MessageDelayedError("throttled", undefined);
    };
    await expect(shop.send(context)).rejects.toThrow(MessageDelayedError);
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
    await shop.answer(event);
    const [first, second, again] = shop.sentTexts();
    expect([again, first === second]).toEqual([second, false]);
    expect(await shop.turn(context)).toMatchObject({ status: "completed" });
  });

  it("is closed when a part was refused", async () => {
    const { shop, context } = await shopWithReply();
    const refusal = { status: 400, code: 131026, title: "undeliverable", details: "" };
    failsToSend(shop, new MessageRefusedError("permanent", refusal));
    await expect(shop.send(context)).rejects.toThrow(MessageRefusedError);
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished", status: "failed" });
  });

  it("is closed when a person has taken the conversation over", async () => {
    const { shop, context } = await shopWithReply();
    await shop.setContact("conversation_mode", "manual");
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished" });
  });
});

describe("the turn of a reply that may have arrived", () => {
  async function shopWithUnknownReply() {
    const opened = await shopWithReply();
    failsToSend(opened.shop, new MessageOutcomeUnknownError("it did not answer in time"));
    await expect(opened.shop.send(opened.context)).rejects.toThrow(MessageOutcomeUnknownError);
    return opened;
  }

  it("is left until that is settled, and closed when it is", async () => {
    const { shop, context } = await shopWithUnknownReply();
    expect(await shop.finish(context)).toMatchObject({ outcome: "left" });
    await db.query("update messages set delivery_status = 'sent' where turn_id = $1 and part = 0", [
      context.turn_id,
    ]);
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished", status: "completed" });
  });

  it("is closed when a person has taken the conversation over: it is not sent again then", async () => {
    const { shop, context } = await shopWithUnknownReply();
    await shop.setContact("conversation_mode", "manual");
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished" });
  });
});
