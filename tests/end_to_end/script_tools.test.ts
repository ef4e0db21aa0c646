import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  contactSays,
  receivedWhenSettled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

const TOOL = "clock__time_in_zone";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  // The model asks its tool about what the contact wrote, and says what the tool returned.
  stack.models.replyWith((request) => {
    const last = request.messages.at(-1);
    if (last?.role === "tool") return { content: String(last.content) };
    const call = { name: TOOL, arguments: JSON.stringify({ time_zone: last?.content }) };
    return { toolCalls: [call] };
  });
});
afterAll(() => stack.close());

/** What an operator writes to give a chatbot a tool. */
async function integrate(scripts: unknown, permission = "read"): Promise<void> {
  await stack.admin.query("delete from org_integrations");
  await stack.admin.query(
    `with integration as (
       insert into org_integrations (organization_id, kind, name, settings)
       select organization_id, 'windmill_script', 'clock', $2 from chatbots where id = $1
       returning organization_id, id
     )
     insert into chatbot_integrations (organization_id, chatbot_id, integration_id, permission)
     select organization_id, $1, id, $3 from integration`,
    [stack.shop.chatbotId, JSON.stringify({ scripts }), permission],
  );
}

const offered = () => {
  const [request] = stack.models.requests.chat.slice(-1);
  return request?.tools?.map(({ function: { name } }) => name) ?? [];
};

async function replyTo(waId: string, text: string): Promise<string | undefined> {
  await contactSays(stack, waId, text);
  return (await receivedWhenSettled(stack, waId)).at(-1);
}

describe("a Windmill script that an integration names", () => {
  it("is a tool with the schema of its script, and no code changes", async () => {
    await integrate([{ path: "f/tools/time_in_zone", access: "read" }]);
    expect(await replyTo("15550300001", "Asia/Tokyo")).toContain('"time_zone":"Asia/Tokyo"');
    const tool = stack.models.requests.chat
      .at(-1)
      ?.tools?.find(({ function: { name } }) => name === TOOL);
    expect(tool?.function.parameters).toMatchObject({
      required: ["time_zone"],
      additionalProperties: false,
    });
    const executions = await stack.admin.query(
      "select tool_name, status, integration_id is not null as is_integration from tool_executions",
    );
    expect(executions).toEqual([{ tool_name: TOOL, status: "ok", is_integration: true }]);
  });

  it.each(["$var:f/platform/openai_api_key", "$WM_TOKEN"])(
    "is given %s as text, and not what it names",
    async (reference) => {
      await integrate([{ path: "f/tools/time_in_zone", access: "read" }]);
      const reply = await replyTo("15550300002", reference);
      expect(reply).toContain(`"time_zone":"${reference}"`);
      const jobs = textsIn(join(stack.dataDir, "windmill", "jobs"));
      expect(jobs).toContain("f/tools/time_in_zone"); // control: its jobs are there
      expect(jobs).not.toContain(stack.modelApiKey);
    },
  );

  it("is offered only where the chatbot may write, unless it is said to read", async () => {
    await integrate(["f/tools/time_in_zone"]);
    await replyTo("15550300003", "Asia/Tokyo");
    expect(offered()).not.toContain(TOOL);
    await integrate(["f/tools/time_in_zone"], "write");
    await replyTo("15550300003", "Europe/Berlin");
    expect(offered()).toContain(TOOL); // control
  });

  it("cannot be a script outside f/tools: the chatbot answers without it, and an alert says why", async () => {
    await integrate(["f/operations/block_contact"], "write");
    await replyTo("15550300004", "Asia/Tokyo");
    expect(offered()).not.toHaveLength(0);
    expect(offered().join()).not.toContain("clock__");
    const [alert] = await stack.admin.query<{ summary: string }>(
      "select summary from system_alerts where kind = 'integration_unavailable'",
    );
    expect(alert?.summary).toContain("f/tools/…");
  });
});

function textsIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}
