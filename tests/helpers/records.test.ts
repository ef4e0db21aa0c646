import { afterAll, beforeAll, expect, it } from "vitest";
import { insertShop } from "../db/shop.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { insertTurn } from "./records.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it("inserts a row in every table of a tenant, as often as it is asked to", async () => {
  await insertShop(database);
  const { contact } = await insertShop(database);
  const turn = await insertTurn(database, {
    contact_id: contact.id,
    status: "completed",
    sources: [{ name: "Handbook", page: 2 }],
  });
  expect(turn).toMatchObject({ fence: 1, sources: [{ name: "Handbook", page: 2 }] });
  expect(turn.finished_at).toBeInstanceOf(Date);
});
