import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, withDb, withTenant } from "../../../f/platform/postgres.ts";
import {
  countTowardsPace,
  type Pair,
  SendingTooFastError,
} from "../../../f/platform/sending_pace.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertChatbot, insertContact } from "../../helpers/records.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const SENDERS = 32;
const EACH = 3;
const MESSAGES_PER_SECOND = 40;
/** what may leave at once: a quarter of a second's messages, and the one that finds nothing paced */
const AT_ONCE = 1 + MESSAGES_PER_SECOND / 4;

it("lets one number send no more than its messages a second, however many send at once", async () => {
  const chatbot = await insertChatbot(db, { messages_per_second: MESSAGES_PER_SECOND });
  const contacts = [];
  for (let n = 0; n < SENDERS; n++) {
    contacts.push(await insertContact(db, { chatbot_id: chatbot.id }));
  }
  const startedAt = await databaseMs();
  const refusals = await Promise.all(
    contacts.map(({ id }) =>
      withDb(db.resource("chatbot_app"), (database) =>
        sendEach(database, chatbot.organization_id, { contact_id: id, chatbot_id: chatbot.id }),
      ),
    ),
  );
  const seconds = ((await databaseMs()) - startedAt) / 1_000;
  expect(SENDERS * EACH).toBeLessThanOrEqual(AT_ONCE + seconds * MESSAGES_PER_SECOND);
  // control: they did compete, and each message was counted
  expect(refusals.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(0);
  const [number] = await db.query<{ paced_ms: number }>(
    "select (extract(epoch from paced_until) * 1000)::float8 as paced_ms from chatbots where id = $1",
    [chatbot.id],
  );
  expect((number?.paced_ms ?? 0) - startedAt).toBeGreaterThanOrEqual(
    (1_000 * SENDERS * EACH) / MESSAGES_PER_SECOND - 1,
  );
});

/** How often it was told to wait. */
async function sendEach(database: Database, organizationId: string, pair: Pair): Promise<number> {
  let refusals = 0;
  for (let sent = 0; sent < EACH; ) {
    try {
      await withTenant(database, organizationId, (tenant) => countTowardsPace(tenant, pair));
      sent += 1;
    } catch (error) {
      if (!(error instanceof SendingTooFastError)) throw error;
      refusals += 1;
      await sleep(error.waitMs * (1 + Math.random()));
    }
  }
  return refusals;
}

async function databaseMs(): Promise<number> {
  const [clock] = await db.query<{ ms: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms",
  );
  return clock?.ms ?? Number.NaN;
}
