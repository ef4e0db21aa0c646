import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbotIntegration } from "../helpers/integration_records.ts";
import {
  insertContact,
  insertDocumentChunk,
  insertMessage,
  insertSystemAlert,
  insertToolExecution,
  insertTurn,
  insertWebhookEvent,
} from "../helpers/records.ts";
import { insertShop, type Shop } from "./shop.ts";

const FOREIGN_KEY_VIOLATION = "23503";

let database: TestDatabase;
let mine: Shop;
let theirs: Shop;
beforeAll(async () => {
  database = await createTestDatabase();
  mine = await insertShop(database);
  theirs = await insertShop(database);
});
afterAll(() => database.close());

/** Each points from a row of `from` to a row of `to`; as superuser, so only the key itself can refuse. */
const references: Record<string, (from: Shop, to: Shop) => Promise<unknown>> = {
  "a contact to a chatbot": (from, to) =>
    insertContact(database, {
      organization_id: from.organization.id,
      chatbot_id: to.chatbot.id,
    }),
  "a turn to a contact": (from, to) =>
    insertTurn(database, {
      organization_id: from.organization.id,
      chatbot_id: from.chatbot.id,
      contact_id: to.contact.id,
      status: "completed",
    }),
  "a message to a turn": (from, to) =>
    insertMessage(database, { contact_id: from.contact.id, turn_id: to.turn.id }),
  "a webhook event to a turn": (from, to) =>
    insertWebhookEvent(database, { chatbot_id: from.chatbot.id, turn_id: to.turn.id }),
  "a chunk to a knowledge source": (from, to) =>
    insertDocumentChunk(database, {
      organization_id: from.organization.id,
      chatbot_id: from.chatbot.id,
      knowledge_source_id: to.source.id,
      chunk_no: 7,
    }),
  "a chatbot's integration to an integration": async (from, to) => {
    await database.query("delete from chatbot_integrations");
    return insertChatbotIntegration(database, {
      chatbot_id: from.chatbot.id,
      integration_id: to.integration.id,
    });
  },
  "a tool execution to an integration": async (from, to) => {
    await database.query("delete from tool_executions");
    return insertToolExecution(database, {
      turn_id: from.turn.id,
      integration_id: to.integration.id,
    });
  },
  "an alert to a turn": (from, to) =>
    insertSystemAlert(database, { organization_id: from.organization.id, turn_id: to.turn.id }),
};

describe.each(Object.entries(references))("%s", (_, point) => {
  it("cannot cross organizations", async () => {
    await expect(point(mine, theirs)).rejects.toMatchObject({ code: FOREIGN_KEY_VIOLATION });
    await expect(point(mine, mine)).resolves.toBeDefined(); // control
  });
});

describe("deleting an organization", () => {
  it("takes everything of it and nothing of another", async () => {
    const leaving = await insertShop(database);
    const rowsOf = async ({ organization }: Shop) => {
      const [row] = await database.query<{ rows: number }>(
        `select (select count(*) from messages where organization_id = $1)
              + (select count(*) from document_chunks where organization_id = $1)
              + (select count(*) from system_alerts where organization_id = $1) as rows`,
        [organization.id],
      );
      return row?.rows;
    };
    const before = await rowsOf(mine);
    expect(await rowsOf(leaving)).toBe(3);
    await database.query("delete from organizations where id = $1", [leaving.organization.id]);
    expect(await rowsOf(leaving)).toBe(0);
    expect(await rowsOf(mine)).toBe(before); // control
  });
});
