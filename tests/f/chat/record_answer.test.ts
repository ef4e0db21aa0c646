import { afterAll, beforeAll, expect, it } from "vitest";
import type { ToolExecution } from "../../../f/chat/agent/types.ts";
import { recordAnswer } from "../../../f/chat/record_answer.ts";
import { withTenant } from "../../../f/platform/postgres.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { createTestDatabase, openShop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

it("writes a tool call cut, and without what must not be read later", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("Where is my order?"));
  const execution: ToolExecution = {
    callNo: 0,
    toolName: "orders__get",
    integrationId: null,
    args: { order: "A-17", api_token: "hunter2", notes: ["call +49 1511 2345678"], deep: { n: 1 } },
    status: "ok",
    result: `Bearer abcdef123456 ${"x".repeat(20_000)}`,
    error: null,
    durationMs: 12,
    sources: [],
  };
  const usage = {
    model: "gpt-6-luna",
    model_calls: 1,
    tool_calls: 1,
    input_tokens: 1,
    cached_input_tokens: 0,
    output_tokens: 1,
    milliseconds: 1,
    models: [],
  };
  await shop.as((database) =>
    withTenant(database, shop.organization.id, (tenant) =>
      recordAnswer(tenant, context, { text: "Shipped.", executions: [execution], usage }),
    ),
  );
  const [row] = await db.query<{ arguments: object; result: string }>(
    "select arguments, result from tool_executions where turn_id = $1",
    [context.turn_id],
  );
  expect(row?.arguments).toEqual({
    order: "A-17",
    api_token: "[secret]",
    notes: ["call [phone]"],
    deep: { n: 1 },
  });
  expect(row?.result).toMatch(/^Bearer \[token\] x/);
  expect(row?.result.length).toBeLessThan(4_200);
});
