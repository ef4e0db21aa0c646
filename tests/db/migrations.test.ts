import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withConnection } from "../../db/connection.ts";
import { migrate } from "../../db/migrate.ts";
import { schemaSql } from "../../db/schema_sql.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertShop } from "./shop.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const schema = () => withConnection(database.url, schemaSql);

describe("the migrations", () => {
  it("down and up again leave the same schema, and each alone as well", async () => {
    const before = await schema();
    const names = await migrate(database.url, "down");
    expect(names).toContain("0001_roles");
    const afterAllDown = await schema();
    expect(afterAllDown).not.toMatch(/create table|create or replace function/i);
    for (const name of [...names].reverse()) {
      expect(await migrate(database.url, "up", 1)).toEqual([name]);
      const made = await schema();
      await migrate(database.url, "down", 1);
      await migrate(database.url, "up", 1);
      expect(await schema(), `${name} down and up`).toBe(made);
    }
    expect(await schema()).toBe(before);
  });

  it("have nothing to do on a database that is up to date", async () => {
    expect(await migrate(database.url)).toEqual([]);
  });

  it("leave a database in which rows can be written", async () => {
    await expect(insertShop(database)).resolves.toBeDefined();
  });
});
