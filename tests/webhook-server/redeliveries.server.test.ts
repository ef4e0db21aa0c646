import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { change, deliveryStatus, textMessage, webhook } from "../helpers/meta_webhooks.ts";
import { insertChatbot, insertContact, insertMessage } from "../helpers/records.ts";
import { startTestIngress, type TestIngress } from "./ingress.ts";

const NUMBER = "100200300";

let database: TestDatabase;
let copies: TestIngress[];

beforeAll(async () => {
  database = await createTestDatabase();
  copies = [await startTestIngress(database), await startTestIngress(database)];
});

afterAll(async () => {
  await Promise.all(copies.map((copy) => copy.close()));
  await database?.close();
});

/** The list, begun at another place: Meta batches a redelivery differently. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  return [...items.slice(by), ...items.slice(0, by)];
}

describe("two copies of the ingress under one flood of redeliveries", () => {
  it("record each event once, move each message forward only, and lock each other out never", async () => {
    const chatbot = await insertChatbot(database, { phone_number_id: NUMBER });
    const contact = await insertContact(database, { chatbot_id: chatbot.id });
    const wamids = Array.from({ length: 20 }, (_, index) => `wamid.OURS${index}`);
    for (const wamid of wamids) {
      await insertMessage(database, { contact_id: contact.id, author: "chatbot", wamid });
    }
    const messages = Array.from({ length: 20 }, () => textMessage());
    const statuses = ["sent", "delivered", "read"].map((status) =>
      wamids.map((id) => deliveryStatus({ id, status })),
    );

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, delivery) =>
        copies[delivery % 2]?.post(
          webhook([
            change(
              {
                messages: rotated(messages, (delivery * 7) % messages.length),
                statuses: rotated(statuses[delivery % 3] ?? [], (delivery * 11) % wamids.length),
              },
              NUMBER,
            ),
          ]),
        ),
      ),
    );

    expect(answers.map((answer) => answer?.status)).toEqual(Array(40).fill(200));
    const [recorded] = await database.query<{ messages: number; statuses: number }>(
      `select count(*) filter (where kind = 'message') as messages,
              count(*) filter (where kind = 'status') as statuses from webhook_events`,
    );
    expect(recorded).toEqual({ messages: 20, statuses: 60 });
    expect(
      await database.query(
        "select delivery_status, count(*) from messages where author = 'chatbot' group by 1",
      ),
    ).toEqual([{ delivery_status: "read", count: 20 }]);
  });
});
