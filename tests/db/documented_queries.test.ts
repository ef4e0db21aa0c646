import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SEEDED, seed } from "../../db/seed.ts";
import { parseKeySet } from "../../f/platform/secrets.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import {
  insertAuditLog,
  insertContact,
  insertErasure,
  insertKnowledgeSource,
  insertMessage,
  insertSystemAlert,
  insertToolExecution,
  insertTurn,
  insertUsageLog,
  insertUsageSummary,
  insertWebhookEvent,
} from "../helpers/records.ts";
import { DOCUMENTS, statementsIn } from "../repository/documents.ts";
import { asRole } from "./as_role.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const keys = JSON.stringify({
    current: "1",
    keys: { "1": randomBytes(32).toString("base64") },
  });
  const accessToken = { value: "EAAG0-a-token", keys: parseKeySet(keys) };
  await seed(database.url, { phoneNumberId: "1", displayPhoneNumber: "+1", accessToken });
  await insertOneOfEachTrouble();
});
afterAll(() => database.close());

/** What the queries of the guide look for, in the seeded organization. */
async function insertOneOfEachTrouble(): Promise<void> {
  const { chatbotId: chatbot_id, organizationId: organization_id } = SEEDED;
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await database.query(
    "update chatbots set refused_access_token = whatsapp_access_token where id = $1",
    [chatbot_id],
  );
  await database.query("update organizations set message_limit = 100");
  await insertContact(database, {
    chatbot_id,
    conversation_mode: "manual",
    phone: "4915112345678",
  });
  await insertTurn(database, { chatbot_id, status: "failed", finished_at: anHourAgo });
  const turn = await insertTurn(database, { chatbot_id, lease_expires_at: anHourAgo });
  const { contact_id, id: turn_id } = turn;
  await insertMessage(database, {
    contact_id,
    turn_id,
    author: "chatbot",
    delivery_status: "unknown",
    status_changed_at: anHourAgo,
  });
  await insertToolExecution(database, { turn_id, status: "error", error: "No answer." });
  await insertUsageLog(database, { turn_id });
  await insertUsageSummary(database, { organization_id });
  await insertWebhookEvent(database, { chatbot_id });
  await insertKnowledgeSource(database, {
    chatbot_id,
    status: "failed",
    error_message: "The file has a password.",
  });
  await insertSystemAlert(database, { organization_id });
  await insertAuditLog(database, { organization_id });
  await insertErasure(database, { organization_id });
}

describe.each(DOCUMENTS)("%s", (document) => {
  it.each(statementsIn(document))("finds what it is for: %s", async (statement) => {
    // what it changes is rolled back: the next one looks for the same trouble
    const found = await asRole(asSuperuser(), "chatbot_app", null, ({ count }) => count(statement));
    if (/^alter /.test(statement)) return;
    expect(found).toBeGreaterThan(0);
  });
});

describe("what a dashboard may ask of these", () => {
  const statements = [
    ...statementsIn("README.md"),
    ...statementsIn("docs/operating.md").filter((statement) =>
      /get_current_usage|tool_usage_stats|recent_tool_failures/.test(statement),
    ),
  ];

  it.each(statements)("as chatbot_app, of its own organization only: %s", async (statement) => {
    const countFor = (organizationId: string | null) =>
      asRole(database, "chatbot_app", organizationId, ({ count }) => count(statement));
    expect(await countFor(SEEDED.organizationId)).toBeGreaterThan(0);
    expect(await countFor(null)).toBe(0);
  });
});

/** asRole logs in as the superuser then. */
function asSuperuser(): TestDatabase {
  return { ...database, connectionString: () => database.url };
}
