import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withConnection } from "../../db/connection.ts";
import { schemaSql } from "../../db/schema_sql.ts";
import { startEmbeddedPostgres } from "../../local/postgres/embedded_postgres.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";

let migrated: TestDatabase;
let committed: string;
beforeAll(async () => {
  migrated = await createTestDatabase();
  committed = await readFile("db/schema.sql", "utf8");
});
afterAll(() => migrated.close());

it("db/schema.sql is what the migrations make; npm run db:dump writes it", async () => {
  expect(await schemaSql(migrated)).toBe(committed);
});

it("is in the dump when the schema changes", async () => {
  await migrated.query("alter table contacts add column nickname text");
  const changed = await schemaSql(migrated);
  await migrated.query("alter table contacts drop column nickname");
  expect(changed).toContain("  nickname text,");
  expect(await schemaSql(migrated)).toBe(committed); // control
});

it("makes the same schema from nothing", async () => {
  const empty = await startEmbeddedPostgres();
  const made = await withConnection(empty.url, async (database) => {
    await database.query(committed);
    return schemaSql(database);
  });
  await empty.close();
  expect(made).toBe(committed);
});
