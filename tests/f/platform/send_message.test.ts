import { afterAll, beforeAll, expect, it } from "vitest";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
} from "../../../f/platform/whatsapp_errors.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import type { MessageRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop } from "../chat/shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** A reply that is being sent while `change` happens to its row, and of which WhatsApp then says `error`. */
async function sendingWhile(change: string, error: Error): Promise<MessageRow | undefined> {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  shop.whatsApp.onSend = async ({ deliveryKey }) => {
    await db.query(`update messages set ${change} where delivery_key = $1`, [deliveryKey]);
    throw error;
  };
  await expect(shop.send(context)).rejects.toBe(error);
  const sql = "select * from messages where turn_id = $1 and author = 'chatbot'";
  return (await db.query<MessageRow>(sql, [context.turn_id]))[0];
}

it("leaves a message alone that a status webhook settled before its call timed out", async () => {
  const timeout = new MessageOutcomeUnknownError("it did not answer in time");
  expect(await sendingWhile("delivery_status = 'delivered'", timeout)).toMatchObject({
    delivery_status: "delivered",
  });
  expect(await sendingWhile("status_changed_at = now()", timeout)).toMatchObject({
    delivery_status: "unknown", // control
  });
});

it("leaves a message alone that a later attempt is sending", async () => {
  const delay = new MessageDelayedError("throttled", undefined);
  expect(await sendingWhile("attempts = attempts + 1", delay)).toMatchObject({
    delivery_status: "sending",
    attempts: 2,
  });
});
