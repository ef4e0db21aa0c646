import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
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

  it("is closed when the reply may have arrived", async () => {
    const { shop, context } = await shopWithReply();
    failsToSend(shop, new MessageOutcomeUnknownError("it did not answer in time"));
    await expect(shop.send(context)).rejects.toThrow(MessageOutcomeUnknownError);
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished" });
  });

  it("is closed when a person has taken the conversation over", async () => {
    const { shop, context } = await shopWithReply();
    await shop.setContact("conversation_mode", "manual");
    expect(await shop.finish(context)).toMatchObject({ outcome: "finished" });
  });
});
