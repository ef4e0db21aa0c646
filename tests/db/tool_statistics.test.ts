import { afterAll, beforeAll, expect, it } from "vitest";
import { many, withDb, withTenant } from "../../f/platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertToolExecution } from "../helpers/records.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

function seenBy(organizationId: string, sql: string) {
  return withDb(db.resource("chatbot_app"), (database) =>
    withTenant(database, organizationId, (tenant) => many(tenant, sql, [])),
  );
}

it("counts each tool's calls and failures, and lists the failures, of the tenant alone", async () => {
  const mine = await insertToolExecution(db, { tool_name: "orders__get", duration_ms: 10 });
  const { organization_id, chatbot_id, turn_id } = mine;
  const sameTurn = { organization_id, chatbot_id, turn_id, tool_name: "orders__get" };
  await insertToolExecution(db, { ...sameTurn, call_no: 1, status: "timeout", duration_ms: 30 });
  const theirs = await insertToolExecution(db, { tool_name: "orders__get", status: "error" });

  const stats =
    "select tool_name, calls::int, failures::int, mean_duration_ms::int from tool_usage_stats('-infinity')";
  const failures = "select tool_name, status from recent_tool_failures(10)";
  expect(await seenBy(organization_id, stats)).toEqual([
    { tool_name: "orders__get", calls: 2, failures: 1, mean_duration_ms: 20 },
  ]);
  expect(await seenBy(organization_id, failures)).toEqual([
    { tool_name: "orders__get", status: "timeout" },
  ]);
  expect(await seenBy(theirs.organization_id, failures)).toEqual([
    { tool_name: "orders__get", status: "error" },
  ]);
});
