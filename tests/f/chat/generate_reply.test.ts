import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Tool } from "../../../f/chat/agent/types.ts";
import type { ContextPayload } from "../../../f/chat/context.ts";
import { generateReply } from "../../../f/chat/generate_reply.ts";
import { builtInTools } from "../../../f/chat/tools/built_in_tools.ts";
import { integrationTools } from "../../../f/chat/tools/integration_tools.ts";
import { type McpTools, mcpTools } from "../../../f/chat/tools/mcp_tools.ts";
import type { ToolSettings } from "../../../f/chat/tools/tool_settings.ts";
import { geminiModel, makeGeminiClient } from "../../../f/platform/gemini.ts";
import type { ChatModel, ModelRequest } from "../../../f/platform/models.ts";
import type { Database } from "../../../f/platform/postgres.ts";
import { startModels } from "../../../local/models/start_models.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { eventually } from "../../helpers/eventually.ts";
import {
  insertChatbotIntegration,
  insertOrgIntegration,
} from "../../helpers/integration_records.ts";
import type { ContactRow } from "../../helpers/rows.ts";
import { asksFor, says } from "./agent/scripted_model.ts";
import { openShop, type Shop } from "./shop.ts";
import { McpTestServer } from "./tools/mcp_test_server.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
afterEach(() => vi.restoreAllMocks());

type ToolsFor = (
  database: Database,
  context: ContextPayload,
  settings: ToolSettings,
) => readonly Tool[] | Promise<readonly Tool[]>;

const ADA = "15550200001";
const GRACE = "15550200002";

/** One turn of a contact. Resolves with what the model was asked first. */
async function turn(
  shop: Shop,
  sender: string,
  text: string,
  { model = shop.model, toolsFor = builtInTools }: { model?: ChatModel; toolsFor?: ToolsFor } = {},
): Promise<ModelRequest> {
  const event = { sender_phone: sender, sender_bsuid: null };
  const context = await shop.claim(await shop.contactWrites(text, event));
  const asked: ModelRequest[] = [];
  const listening: ChatModel = {
    id: model.id,
    answer(request) {
      asked.push({ ...request, messages: [...request.messages] });
      return model.answer(request);
    },
  };
  await shop.as((database) =>
    generateReply(
      database,
      {
        ...shop.makers,
        modelFor: async () => listening,
        toolsFor: async (_context, { settings }) => [
          ...(await toolsFor(database, context, settings)),
        ],
      },
      context,
    ),
  );
  await shop.send(context);
  await shop.save(context);
  await shop.finish(context);
  const [first] = asked;
  if (!first) throw new Error("the model was not asked");
  return first;
}

describe("what the model is asked", () => {
  const facts = { opening_hours: "Nine to five.", address: "Am Markt 1, Bonn" };
  const MARK = /\[data ([0-9a-f]{16}): this conversation\]/;
  const dataOf = ({ messages }: ModelRequest) => messages.find(({ text }) => MARK.test(text));

  it("begins alike in each turn and for each contact of a chatbot, whatever was said before", async () => {
    const shop = await openShop(db, { chatbot: { facts, system_prompt: "Be kind." } });
    const first = await turn(shop, ADA, "I am Ada, write to ada@example.com");
    const others = [await turn(shop, ADA, "When do you open?"), await turn(shop, GRACE, "Hello")];
    const beginning = ({ messages: [system], tools, cacheKey }: ModelRequest) =>
      JSON.stringify({ system, tools, cacheKey });
    for (const other of others) expect(beginning(other)).toBe(beginning(first));
    expect(first.messages[0]).toMatchObject({ role: "system" });
    expect(first.tools.map(({ name }) => name)).toEqual([
      "get_fact",
      "hand_over_to_human",
      "remember",
    ]);
    expect(first.cacheKey).toBe(shop.chatbot.id);
  });

  it("holds the name, the address and the order number that the contact told before, as data and nobody else's", async () => {
    const shop = await openShop(db);
    shop.model.answers = [asksFor(["remember", { name: "name", value: "Ada" }])];
    const first = await turn(shop, ADA, "I am Ada: order #A-1815, write to ada@example.com");
    const told = { name: "Ada", email: "ada@example.com", order_number: "A-1815" };
    const [contact] = await db.query<ContactRow>(
      "select * from contacts where chatbot_id = $1 and phone = $2",
      [shop.chatbot.id, ADA],
    );
    expect(contact?.variables).toEqual(told);

    const next = await turn(shop, ADA, "Thanks");
    const [begin = "", json = "", end] = dataOf(next)?.text.split("\n") ?? [];
    expect(dataOf(next)?.role).toBe("user");
    expect(JSON.parse(json)).toMatchObject({ customer_told_us: told });
    const mark = MARK.exec(begin)?.[1];
    expect(end).toBe(`[end of data ${mark}]`);
    expect(mark).not.toBe(MARK.exec(dataOf(first)?.text ?? "")?.[1]); // nobody knows it beforehand
    const others = await turn(shop, GRACE, "Hello");
    expect(JSON.stringify(others.messages)).not.toMatch(/Ada|A-1815/);
  });
});

it("goes on with Gemini in the turn after one of several tool rounds, as history and in rounds of its own", async () => {
  const models = await startModels({ port: 0, apiKey: "key" });
  try {
    const client = makeGeminiClient({ apiKey: "key", baseUrl: models.geminiUrl });
    const model = geminiModel(client, "gemini-3.8-flash", {});
    const shop = await openShop(db);
    const remembers = (...names: string[]) =>
      models.nextReply({
        toolCalls: names.map((name) => ({
          name: "remember",
          arguments: JSON.stringify({ name, value: "M" }),
        })),
      });
    remembers("size", "colour");
    remembers("frame");
    models.nextReply({ content: "Noted." });
    await turn(shop, ADA, "Size, colour and frame: M", { model });
    remembers("wheels");
    models.nextReply({ content: "That, too." });
    await turn(shop, ADA, "Wheels, too", { model });
    expect(shop.sentTexts()).toEqual(["Noted.", "That, too."]);
    const contents = models.requests.gemini.at(-1)?.contents ?? [];
    // what Google takes for a signature where another model called
    expect(JSON.stringify(contents)).not.toContain("skip_thought_signature_validator");
    expect(
      contents.map(({ role, parts }) => [
        role,
        ...parts.flatMap((part) => Object.keys(part).toSorted()),
      ]),
    ).toEqual([
      ["user", "text"],
      ["model", "text"],
      ["user", "text"],
      ["user", "text"],
      ["model", "functionCall", "thoughtSignature"],
      ["user", "functionResponse"],
    ]);
  } finally {
    await models.stop();
  }
});

describe("ten MCP servers, of which one hangs and one crashes", () => {
  const OPEN_MS = 987_654;
  const keySet = { current: "1", keys: new Map([["1", Buffer.alloc(32, 7)]]) };
  const servers: McpTestServer[] = [];
  const opened: McpTools[] = [];
  afterAll(async () => {
    await Promise.all(opened.map((mcp) => mcp.close()));
    for (const server of servers) server.close();
  });

  async function openTen(): Promise<Shop> {
    const shop = await openShop(db);
    const { organization_id, id: chatbot_id } = shop.chatbot;
    for (let number = 0; number < 10; number++) {
      const server = await new McpTestServer().listen();
      servers.push(server);
      const integration = await insertOrgIntegration(db, {
        organization_id,
        name: `server_${number}`,
        settings: { url: server.url, read_tools: ["look_up"] },
      });
      await insertChatbotIntegration(db, {
        organization_id,
        chatbot_id,
        integration_id: integration.id,
        permission: "read",
      });
    }
    return shop;
  }

  const toolsFor: ToolsFor = async (
    database,
    { organization_id, chatbot, contact, turn_id },
    { integrations },
  ) => {
    const scope = { organizationId: organization_id, chatbotId: chatbot.id, turnId: turn_id };
    const policy = { allowedPrivateOrigins: servers.map(({ origin }) => origin), ownNetworks: [] };
    const mcp = mcpTools(
      database,
      { ...scope, contactId: contact.id, traceparent: null },
      async () => ({ keySet, policy }),
    );
    opened.push(mcp);
    return integrationTools(database, scope, integrations, { mcp: mcp.open }, OPEN_MS);
  };

  /** The time that each server is given to open, in their order: it passes when the test says so. */
  function stopClocks(): AbortController[] {
    const clocks: AbortController[] = [];
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      if (ms !== OPEN_MS) return timeout(ms);
      const clock = new AbortController();
      clocks.push(clock);
      return clock.signal;
    });
    return clocks;
  }

  it("leave the turn answering with the others, after one timeout, and rest for a while", async () => {
    const shop = await openTen();
    const [hanging, crashing, ...well] = servers as [
      McpTestServer,
      McpTestServer,
      ...McpTestServer[],
    ];
    const clocks = stopClocks();
    let running = 0;
    hanging.onMessage = () => {
      running ||= clocks.length;
    };
    crashing.onMessage = (response) => response.destroy();
    shop.model.answers = [asksFor(["server_7__look_up", { order: 7 }]), says("It is on its way.")];
    const answered = turn(shop, ADA, "Where is order 7?", { toolsFor });
    // the others are asked while the first of them hangs
    await eventually(
      () => {
        expect(hanging.connections).toBeGreaterThan(0);
        expect(crashing.connections).toBeGreaterThan(0);
        for (const server of well) expect(server.count("tools/list")).toBe(2); // its two pages
      },
      { withinMs: 50_000 },
    );
    expect(running, "the time of all ran before the first was heard of").toBe(10);
    clocks[0]?.abort(new DOMException("The operation timed out.", "TimeoutError"));
    const { tools } = await answered;
    expect(shop.sentTexts()).toEqual(["It is on its way."]);
    expect(tools.map(({ name }) => name)).toEqual(
      [2, 3, 4, 5, 6, 7, 8, 9].map((number) => `server_${number}__look_up`),
    );
    expect(await unavailable(shop)).toEqual(["server_0", "server_1"]);
    await eventually(async () => expect(await resting(shop)).toBe(2), { withinMs: 50_000 });

    const connections = () => [hanging.connections, crashing.connections];
    const before = connections();
    await turn(shop, GRACE, "Hello", { toolsFor });
    expect(shop.sentTexts()).toHaveLength(2);
    expect(connections()).toEqual(before);
    expect(await unavailable(shop)).toHaveLength(2);
    for (const server of well) expect(server.count("tools/list")).toBe(2);
  });

  async function unavailable({ organization }: Shop): Promise<string[]> {
    const alerts = await db.query<{ integration: string }>(
      `select details ->> 'integration' as integration from system_alerts
       where organization_id = $1 and kind = 'integration_unavailable' order by 1`,
      [organization.id],
    );
    return alerts.map(({ integration }) => integration);
  }

  async function resting({ organization }: Shop): Promise<number> {
    const rows = await db.query(
      "select from integration_tools where organization_id = $1 and failed_at is not null",
      [organization.id],
    );
    return rows.length;
  }
});
