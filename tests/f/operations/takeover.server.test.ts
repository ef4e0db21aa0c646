import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { eventually } from "../../helpers/eventually.ts";
import { openConversation } from "./conversation.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const NOTICE = "A colleague takes over.";

it("withholds a reply whose send began to wait before the takeover was committed", async () => {
  const conversation = await openConversation(db);
  const { shop } = conversation;
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  const person = new pg.Client(db.url);
  await person.connect();
  await person.query("begin");
  await person.query("update contacts set conversation_mode = 'manual' where id = $1", [
    conversation.contactId,
  ]);
  const sent = shop.send(context);
  await eventually(async () => {
    const waiting = await db.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(waiting).toHaveLength(1);
  });
  await person.query("commit");
  await person.end();
  expect(await sent).toMatchObject({ outcome: "withheld" });
  expect(shop.whatsApp.sent).toEqual([]);
});

it("sends one notice, and the reply at most once, when all of it happens at the same time", async () => {
  const conversation = await openConversation(db, { handover_message: NOTICE });
  const { shop } = conversation;
  for (let round = 1; round <= 10; round++) {
    // who repeats itself at this pace is taken for a machine
    const context = await shop.claim(await shop.contactWrites(`Do you open on day ${round}?`));
    await shop.generate(context);
    await Promise.all([
      shop.send(context),
      ...Array.from({ length: 4 }, () => conversation.takeOver()),
      shop.send(context),
    ]);
    await shop.finish(context);
    const texts = shop.sentTexts();
    expect(texts.filter((text) => text === NOTICE)).toHaveLength(round);
    await Promise.all([conversation.giveBack(), conversation.giveBack()]);
    const [again] = shop.startedFlows.splice(0);
    if (again !== undefined) await shop.answer(again);
    expect(shop.sentTexts().filter((text) => text !== NOTICE)).toHaveLength(round);
  }
});
