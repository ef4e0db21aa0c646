import { describe, expect, it } from "vitest";
import type { Integration } from "../../../../f/chat/tools/tool_settings.ts";
import {
  ScriptSchemaError,
  ScriptSettingsError,
  windmillScriptTools,
} from "../../../../f/chat/tools/windmill_script_tools.ts";
import type { DeployedScript } from "../../../../f/platform/windmill_scripts.ts";

const contentSchema = { type: "object", properties: { order: { type: "string" } } };
const schemaOf = (call: object) => ({ type: "object", properties: { call }, required: ["call"] });
const callSchema = { type: "string", contentMediaType: "application/json", contentSchema };
const scope = {
  organizationId: "org",
  chatbotId: "bot",
  contactId: "contact",
  turnId: "turn",
  traceparent: "00-trace",
};

function open(scripts: unknown, deployed: Partial<DeployedScript> = {}) {
  const ran: [path: string, args: object][] = [];
  const windmill = {
    read: async () => ({
      summary: "An order's state",
      description: "",
      schema: schemaOf(callSchema),
      ...deployed,
    }),
    run: async (path: string, args: object) => {
      ran.push([path, args]);
      return { state: "shipped" };
    },
  };
  const integration = { name: "orders", settings: { scripts } } as unknown as Integration;
  const { signal } = new AbortController();
  return { ran, signal, offered: windmillScriptTools(windmill, scope)(integration, signal) };
}

describe("a script of f/tools", () => {
  it("is called with one string, of the model's arguments and of whose turn it is", async () => {
    const { ran, signal, offered } = open(["f/tools/order_state"]);
    const [script] = await offered;
    expect(script).toMatchObject({
      access: "write",
      tool: {
        definition: {
          name: "order_state",
          description: "An order's state",
          parameters: contentSchema,
        },
      },
    });
    const args = { order: "$var:f/platform/openai_api_key", organization_id: "another" };
    const result = await script?.tool.run(args, signal, { idempotencyKey: "key" });
    expect(result).toEqual({ text: '{"state":"shipped"}', sources: [] });
    const [[path, sent] = ["", {}]] = ran;
    expect(path).toBe("f/tools/order_state");
    expect(Object.keys(sent)).toEqual(["call"]);
    expect(JSON.parse((sent as { call: string }).call)).toEqual({
      arguments: args,
      context: {
        organization_id: "org",
        chatbot_id: "bot",
        contact_id: "contact",
        turn_id: "turn",
        idempotency_key: "key",
        traceparent: "00-trace",
      },
    });
  });

  it("reads only when the integration says so", async () => {
    const { offered } = open([{ path: "f/tools/order_state", access: "read" }]);
    expect(await offered).toMatchObject([{ access: "read" }]);
  });
});

describe("an integration", () => {
  it.each([
    ["f/platform/postgres"],
    ["f/operations/block_contact"],
    ["f/tools/../chat/load_context"],
    ["f/tools/a/b"],
    [{ path: "f/tools/order_state", access: "all" }],
  ])("of %j is refused", async (script) => {
    await expect(open([script]).offered).rejects.toThrow(ScriptSettingsError);
  });

  it.each([
    ["plain parameters", { type: "object", properties: { order: { type: "string" } } }],
    ["a parameter beside its call", { properties: { call: callSchema, order: {} } }],
    ["a call without a schema", schemaOf({ type: "string" })],
    ["no schema at all", undefined],
  ])("whose script has %s is refused", async (_, schema) => {
    await expect(open(["f/tools/order_state"], { schema }).offered).rejects.toThrow(
      ScriptSchemaError,
    );
  });
});
