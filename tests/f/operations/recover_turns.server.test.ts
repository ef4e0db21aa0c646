import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertKnowledgeSource } from "../../helpers/records.ts";
import { openDesk } from "./recovery_desk.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const COPIES = 6;

it("deals with each of them once when copies of the job run at the same time", async () => {
  const desk = await openDesk(db);
  const { shop } = desk;
  const abandoned = await shop.contactWrites("When do you open?");
  await shop.claim(abandoned);
  const waiting = await shop.contactWrites("Hi", { sender_bsuid: "DE.2", sender_phone: "492" });
  const source = await insertKnowledgeSource(db, {
    chatbot_id: shop.chatbot.id,
    status: "processing",
  });
  await desk.passes("20 minutes");
  await Promise.all(Array.from({ length: COPIES }, () => desk.run()));
  expect(shop.startedFlows.sort()).toEqual([abandoned, waiting].sort());
  expect(desk.processed).toEqual([source.id]);
});

it("ends a turn and tells its contact once when copies give it up at the same time", async () => {
  const desk = await openDesk(db);
  const context = await desk.shop.claim(await desk.shop.contactWrites("When do you open?"));
  await db.query("update turns set recoveries = 5");
  await desk.passes("3 minutes");
  await Promise.all(Array.from({ length: COPIES }, () => desk.run()));
  expect(await desk.shop.turn(context)).toMatchObject({ status: "failed", fence: 2 });
  expect(desk.shop.sentTexts()).toEqual([desk.shop.chatbot.error_message]);
  expect(await desk.alerts()).toHaveLength(1);
});

it("sends the template of a reply that was refused late once when copies find it at the same time", async () => {
  const desk = await openDesk(db);
  await desk.shop.answer(await desk.shop.contactWrites("When do you open?"));
  await db.query(
    "update chatbots set reply_template_name = 'late_answer', reply_template_language = 'en_US'",
  );
  await db.query(
    `update messages set delivery_status = 'failed', delivery_error = '{"code": 131047}',
       status_changed_at = now() - interval '2 minutes' where author = 'chatbot'`,
  );
  await Promise.all(Array.from({ length: COPIES }, () => desk.run()));
  expect(desk.shop.whatsApp.sent.map((message) => "template" in message)).toEqual([false, true]);
});
