import { afterAll, beforeAll, expect, it } from "vitest";
import { one, withDb, withTenant } from "../../../f/platform/postgres.ts";
import { DatabaseUnavailableError } from "../../../f/platform/postgres_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { eventually } from "../../helpers/eventually.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

it("closes its connection at the end, also when the work fails", async () => {
  const pids: number[] = [];
  const failing = withDb(db.resource("chatbot_app"), async (database) => {
    pids.push((await one<{ pid: number }>(database, "select pg_backend_pid() as pid")).pid);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await eventually(async () => {
    const open = "select pid from pg_stat_activity where pid = any($1)";
    expect(await db.query(open, [pids])).toEqual([]);
  });
});

it("reports a connection that broke while the job did something else", async () => {
  const using = withDb(db.resource("chatbot_app"), async (database) => {
    const { pid } = await one<{ pid: number }>(database, "select pg_backend_pid() as pid");
    await db.query("select pg_terminate_backend($1)", [pid]);
    await eventually(async () => {
      await expect(database.query("select 1")).rejects.toThrow(DatabaseUnavailableError);
    });
  });
  await using;
});

it("reports a connection that broke inside a transaction as what it is, so that the step is retried", async () => {
  const breaking = withDb(db.resource("chatbot_app"), (database) =>
    withTenant(database, "0199b2b0-1234-4abc-8def-0123456789ab", (tenant) =>
      tenant.query("select pg_terminate_backend(pg_backend_pid())"),
    ),
  );
  await expect(breaking).rejects.toThrow(DatabaseUnavailableError);
});

it("limits how long a statement runs", async () => {
  await withDb(db.resource("chatbot_app"), async (database) => {
    const { limit } = await one<{ limit: string }>(
      database,
      "select current_setting('statement_timeout') as limit",
    );
    expect(limit).toBe("15s");
  });
});
