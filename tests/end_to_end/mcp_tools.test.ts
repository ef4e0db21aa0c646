import { afterAll, beforeAll, expect, it } from "vitest";
import { McpTestServer } from "../f/chat/tools/mcp_test_server.ts";
import {
  contactSays,
  receivedWhenSettled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

let server: McpTestServer;
let stack: TestStack;
beforeAll(async () => {
  server = await new McpTestServer().listen();
  stack = await startTestStack({ allowedPrivateOrigins: [server.origin] });
});
afterAll(async () => {
  await stack.close();
  server.close();
});

it("an MCP server's tool is called in the step, and webhook, model, server and reply have one trace", async () => {
  await stack.admin.query(
    `with integration as (
       insert into org_integrations (organization_id, kind, name, settings)
       select organization_id, 'mcp', 'orders', $2 from chatbots where id = $1
       returning organization_id, id
     )
     insert into chatbot_integrations (organization_id, chatbot_id, integration_id, permission)
     select organization_id, $1, id, 'read' from integration`,
    [stack.shop.chatbotId, JSON.stringify({ url: server.url, read_tools: ["look_up"] })],
  );
  stack.models.replyWith(({ messages }) => {
    const last = messages.at(-1);
    if (last?.role === "tool") {
      const hasRead = String(last.content).includes("on its way");
      return { content: hasRead ? "Your order is on its way." : "I do not know." };
    }
    return { toolCalls: [{ name: "orders__look_up", arguments: '{"order":7}' }] };
  });

  const waId = "15550400001";
  await contactSays(stack, waId, "Where is order 7?");
  expect(await receivedWhenSettled(stack, waId)).toEqual(["Your order is on its way."]);

  expect(server.calls).toMatchObject([{ name: "look_up", arguments: { order: 7 } }]);
  const executions = await stack.admin.query("select tool_name, status from tool_executions");
  expect(executions).toEqual([{ tool_name: "orders__look_up", status: "ok" }]);
  const [webhook] = await stack.admin.query<{ traceparent: string }>(
    "select traceparent from webhook_events where kind = 'message'",
  );
  expect(webhook?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(stack.models.traces).toEqual([webhook?.traceparent, webhook?.traceparent]);
  expect(new Set(server.traces)).toEqual(new Set([webhook?.traceparent]));
  const sent = stack.whatsapp.received({ waId });
  expect(sent.map(({ traceparent }) => traceparent)).toEqual([webhook?.traceparent]);
});
