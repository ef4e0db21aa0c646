import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbot, insertContact, insertMessage } from "../helpers/records.ts";
import { connectIngress, type Ingress, messageEvent, statusEvent } from "./webhook_recording.ts";

const COPIES = 8;
const ROUNDS = 25;

let database: TestDatabase;
let copies: Ingress[];
beforeAll(async () => {
  database = await createTestDatabase();
  copies = await Promise.all(Array.from({ length: COPIES }, () => connectIngress(database)));
});
afterAll(async () => {
  await Promise.all(copies.map((copy) => copy.close()));
  await database.close();
});

it("keeps an event once, whoever gets its redeliveries at the same moment", async () => {
  const { phone_number_id } = await insertChatbot(database);
  for (let round = 0; round < ROUNDS; round += 1) {
    const events = Array.from({ length: 10 }, () => messageEvent(phone_number_id));
    const answers = await Promise.all(
      copies.map((copy, at) => copy.record(at % 2 === 0 ? events : events.toReversed())),
    );
    const isNew = answers.flat().filter((waiting) => waiting.is_new);
    expect(new Set(isNew.map(({ external_id }) => external_id)).size).toBe(events.length);
    expect(isNew).toHaveLength(events.length);
  }
});

it("moves statuses forward, in whatever order they race, without a deadlock", async () => {
  const chatbot = await insertChatbot(database);
  const contact = await insertContact(database, { chatbot_id: chatbot.id });
  const words = ["sent", "delivered", "read"];
  for (let round = 0; round < ROUNDS; round += 1) {
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        insertMessage(database, { contact_id: contact.id, author: "chatbot" }),
      ),
    );
    await Promise.all(
      copies.map((copy, at) => {
        const delivery_status = words[at % words.length] ?? "sent";
        const events = replies.map(({ wamid }) => ({
          ...statusEvent(chatbot.phone_number_id, { wamid: wamid ?? "", delivery_status }),
          external_id: `${at}:${wamid}`,
        }));
        return copy.record(at % 2 === 0 ? events : events.toReversed());
      }),
    );
    const left = await database.query(
      "select id from messages where contact_id = $1 and delivery_status <> 'read'",
      [contact.id],
    );
    expect(left).toEqual([]);
  }
});
