import { afterAll, beforeAll, expect, it } from "vitest";
import type { ContextPayload } from "../../../../f/chat/context.ts";
import { generateReply, type ToolsTurn } from "../../../../f/chat/generate_reply.ts";
import { integrationTools } from "../../../../f/chat/tools/integration_tools.ts";
import { mcpTools } from "../../../../f/chat/tools/mcp_tools.ts";
import { readText } from "../../../../local/metadata/tree.ts";
import { createTestDatabase, type TestDatabase } from "../../../helpers/database.ts";
import { blocksIn } from "../../../repository/documents.ts";
import { asksFor, ScriptedModel, says } from "../agent/scripted_model.ts";
import { openShop, type Shop } from "../shop.ts";
import { type ReferenceServer, startReferenceServer } from "./mcp_reference_server.ts";

const [EXAMPLE = ""] = blocksIn(readText("README.md"), "sql");
const keySet = { current: "1", keys: new Map([["1", Buffer.alloc(32, 7)]]) };

/** A process that starts on a busy machine is long in opening. */
const PATIENCE_MS = 50_000;

let db: TestDatabase;
let shop: Shop;
let server: ReferenceServer | undefined;
beforeAll(async () => {
  db = await createTestDatabase();
  shop = await openShop(db, {
    organization: { slug: "aurora-bikes" },
    chatbot: { name: "Aurora Bikes" },
  });
  server = await startReferenceServer();
});
afterAll(async () => {
  await server?.close();
  await db.close();
});

function reference(): ReferenceServer {
  if (!server) throw new Error("the reference server has not started");
  return server;
}

/** A message of the contact, answered by this model with the tools that the database names. */
async function answer(model: ScriptedModel): Promise<string[]> {
  const context = await shop.claim(await shop.contactWrites("What is 2 and 3?"));
  const { organization_id, chatbot, contact, turn_id } = context;
  const policy = { allowedPrivateOrigins: [reference().origin], ownNetworks: [] };
  await shop.as(async (database) => {
    const scope = {
      organizationId: organization_id,
      chatbotId: chatbot.id,
      turnId: turn_id,
      contactId: contact.id,
      traceparent: null,
    };
    const mcp = mcpTools(database, scope, async () => ({ keySet, policy }));
    const makers = {
      ...shop.makers,
      modelFor: async () => model,
      toolsFor: async (_context: ContextPayload, { settings }: ToolsTurn) => [
        ...(await integrationTools(
          database,
          scope,
          settings.integrations,
          { mcp: mcp.open },
          PATIENCE_MS,
        )),
      ],
    };
    await generateReply(database, makers, context).finally(() => mcp.close());
  });
  await shop.send(context);
  await shop.save(context);
  await shop.finish(context);
  return model.requests[0]?.tools.map(({ name }) => name) ?? [];
}

it("has a tool of the MCP project's server from the message after README's rows were inserted", async () => {
  expect(await answer(new ScriptedModel(says("I do not know.")))).toEqual([]);
  await db.query(EXAMPLE.replace("https://mcp.example.com/mcp", reference().url));
  const model = new ScriptedModel(
    asksFor(["orders__get-sum", { a: 2, b: 3 }], ["orders__echo", { message: "hello" }]),
    says("It is 5."),
  );
  expect(await answer(model)).toEqual(["orders__echo", "orders__get-sum"]);
  expect(shop.sentTexts()).toEqual(["I do not know.", "It is 5."]);
  expect(
    await db.query(
      `select e.tool_name, e.status, e.result like '%sum of 2 and 3 is 5%' as is_sum, i.name as integration
       from tool_executions e join org_integrations i on i.id = e.integration_id order by e.call_no`,
    ),
  ).toEqual([
    { tool_name: "orders__get-sum", status: "ok", is_sum: true, integration: "orders" },
    { tool_name: "orders__echo", status: "ok", is_sum: false, integration: "orders" },
  ]);
  // the next turn goes on with the contact's session
  const again = new ScriptedModel(asksFor(["orders__echo", { message: "again" }]), says("Done."));
  await answer(again);
  const sessions = await db.query("select session_id from integration_sessions");
  expect(sessions).toHaveLength(1);
  expect(JSON.stringify(again.requests.at(-1)?.messages)).toContain("Echo: again");
});
