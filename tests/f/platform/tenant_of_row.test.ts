import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withDb } from "../../../f/platform/postgres.ts";
import { organizationOf, RowNotFoundError } from "../../../f/platform/tenant_of_row.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertChatbot } from "../../helpers/records.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

it("says that there is no such row, whether an id is another's or half of one", async () => {
  const chatbot = await insertChatbot(db);
  await withDb(db.resource("chatbot_app"), async (database) => {
    const organization = (id: string) => organizationOf(database, { table: "chatbots", id });
    expect(await organization(chatbot.id)).toBe(chatbot.organization_id); // control
    for (const wrong of [randomUUID(), chatbot.id.slice(1), "Aurora Bikes", ""]) {
      await expect(organization(wrong)).rejects.toThrow(RowNotFoundError);
    }
  });
});
