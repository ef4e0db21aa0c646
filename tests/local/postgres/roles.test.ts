import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";

describe("a client's role", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  it.each(["chatbot_app", "chatbot_ingress"] as const)(
    "is the one it logged in as: %s",
    async (role) => {
      const client = new pg.Client(database.connectionString(role));
      await client.connect();
      const { rows } = await client.query("select current_user, session_user");
      expect(rows).toEqual([{ current_user: role, session_user: role }]);
      await client.end();
      // control: the superuser beside it stays one
      expect(await database.query("select current_user")).toEqual([{ current_user: "postgres" }]);
    },
  );
});
