import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type Tool, ToolArgumentsError } from "../../../../f/chat/agent/types.ts";
import { integrationTools } from "../../../../f/chat/tools/integration_tools.ts";
import { McpUnavailableError } from "../../../../f/chat/tools/mcp_errors.ts";
import { mcpTools } from "../../../../f/chat/tools/mcp_tools.ts";
import { withDb } from "../../../../f/platform/postgres.ts";
import { encryptCredential } from "../../../../f/platform/secrets.ts";
import { createTestDatabase, type TestDatabase } from "../../../helpers/database.ts";
import {
  insertChatbotIntegration,
  insertOrgIntegration,
} from "../../../helpers/integration_records.ts";
import { insertContact, insertTurn } from "../../../helpers/records.ts";
import type { ContactRow, OrgIntegrationRow } from "../../../helpers/rows.ts";
import { McpTestServer } from "./mcp_test_server.ts";
import { settingsOf } from "./settings_of.ts";

const keySet = { current: "1", keys: new Map([["1", Buffer.alloc(32, 7)]]) };
const SECRET = "Bearer the-secret-of-the-shop";
/** No test is about servers that take long to open: a busy machine may. */
const PATIENCE_MS = 50_000;
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let db: TestDatabase;
let contact: ContactRow;
let servers: McpTestServer[] = [];
let server: McpTestServer;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  contact = await insertContact(db);
  server = await start();
});
afterEach(() => {
  for (const each of servers) each.close();
  servers = [];
});

async function start(): Promise<McpTestServer> {
  const started = await new McpTestServer().listen();
  servers.push(started);
  return started;
}

async function integrate(
  { url }: McpTestServer,
  {
    permission = "write",
    settings = {},
    ...rest
  }: Partial<OrgIntegrationRow> & { permission?: "read" | "write" } = {},
): Promise<OrgIntegrationRow> {
  const { organization_id, chatbot_id } = contact;
  const integration = await insertOrgIntegration(db, {
    organization_id,
    name: "shop",
    settings: { url, read_tools: ["look_up"], ...settings },
    ...rest,
  });
  const integration_id = integration.id;
  await insertChatbotIntegration(db, { organization_id, chatbot_id, integration_id, permission });
  return integration;
}

interface TurnOptions {
  who?: ContactRow;
  allowed?: string[];
  traceparent?: string | null;
}

/** One turn, in which `work` is what the model asks for. */
async function turn<Result>(
  work: (
    call: (name: string, args?: object) => Promise<string>,
    names: string[],
  ) => Result | Promise<Result>,
  {
    who = contact,
    allowed = servers.map(({ origin }) => origin),
    traceparent = null,
  }: TurnOptions = {},
): Promise<Result> {
  const { id } = await insertTurn(db, { contact_id: who.id });
  const { organization_id, chatbot_id } = who;
  const scope = { organizationId: organization_id, chatbotId: chatbot_id, turnId: id };
  const policy = { allowedPrivateOrigins: allowed, ownNetworks: [] };
  return withDb(db.resource("chatbot_app"), async (database) => {
    const mcp = mcpTools(database, { ...scope, contactId: who.id, traceparent }, async () => ({
      keySet,
      policy,
    }));
    try {
      const { integrations } = await settingsOf(database, scope);
      const openers = { mcp: mcp.open };
      const tools = await integrationTools(database, scope, integrations, openers, PATIENCE_MS);
      const call = async (name: string, args: object = {}) => {
        const tool = tools.find(({ definition }) => definition.name === name) as Tool;
        return (await tool.run(args, new AbortController().signal)).text;
      };
      return await work(
        call,
        tools.map(({ definition }) => definition.name),
      );
    } finally {
      await mcp.close();
      await db.query("update turns set status = 'failed', finished_at = now() where id = $1", [id]);
    }
  });
}

const namesOf = (options?: TurnOptions) => turn((_call, names) => names, options);
const alerts = () =>
  db.query<{ kind: string; summary: string; details: object }>(
    "select kind, summary, details from system_alerts where organization_id = $1 order by id",
    [contact.organization_id],
  );

it("lists a server's tools once in a cache period, page by page, and asks nothing more of it until one is called", async () => {
  await integrate(server);
  expect(await namesOf()).toEqual(["shop__book", "shop__look_up"]);
  expect(server.count("tools/list")).toBe(2); // its two pages
  const { connections } = server;
  for (let time = 0; time < 3; time++) await namesOf();
  expect(server.connections).toBe(connections);
  await db.query("update integration_tools set listed_at = now() - interval '11 minutes'");
  await namesOf();
  expect(server.count("tools/list")).toBe(4);
});

it("calls a tool with its arguments, the sealed headers and the key of the call", async () => {
  const id = randomUUID();
  const owner = { organizationId: contact.organization_id, credentialId: id };
  const credentials = encryptCredential(
    keySet,
    owner,
    JSON.stringify({ headers: { Authorization: SECRET } }),
  );
  await integrate(server, { id, credentials });
  const logged = vi.spyOn(console, "log");
  server.result = () => ({
    content: [
      { type: "text", text: "On its way." },
      { type: "resource", resource: { uri: "file:///a.txt", text: "Parcel 7" } },
      { type: "image", data: "AAAA", mimeType: "image/png" },
    ],
  });
  const text = await turn((call) => call("shop__look_up", { order: 7 }));
  expect(text).toBe("On its way.\n\nParcel 7\n\n[image that is not shown: image/png]");
  expect(server.calls).toEqual([
    expect.objectContaining({
      name: "look_up",
      arguments: { order: 7 },
      _meta: expect.objectContaining({ idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) }),
    }),
  ]);
  expect(server.headers.authorization).toBe(SECRET);
  // a server that repeats what it was sent
  server.onMessage = (response) => response.writeHead(500).end(SECRET);
  const failure = turn((call) => call("shop__look_up", { order: 8 }));
  await expect(failure).rejects.toThrow(McpUnavailableError);
  await expect(failure).rejects.not.toThrow(SECRET);
  expect(JSON.stringify([await alerts(), logged.mock.calls])).not.toContain(SECRET);
});

it("tells a server with every request which webhook the turn answers, and nothing where there is none", async () => {
  await integrate(server);
  await turn((call) => call("shop__look_up"), { traceparent: TRACE });
  expect(server.traces.length).toBeGreaterThan(3); // how it is spoken to, its list, the call
  expect(new Set(server.traces)).toEqual(new Set([TRACE]));
  await turn((call) => call("shop__look_up"));
  expect(server.traces.at(-1)).toBeUndefined();
});

it("goes on with a contact's session in the next turn, opens another contact's own, and a new one for one that is forgotten", async () => {
  await integrate(server);
  const look = (order: number, who = contact) =>
    turn((call) => call("shop__look_up", { order }), { who });
  await look(1);
  const first = server.headers["mcp-session-id"];
  await look(2);
  expect(server.count("initialize")).toBe(1);
  expect(server.headers["mcp-session-id"]).toBe(first);
  const { chatbot_id } = contact;
  await look(3, await insertContact(db, { chatbot_id }));
  expect(server.count("initialize")).toBe(2);
  expect(server.headers["mcp-session-id"]).not.toBe(first);
  server.forgetSessions();
  expect(await look(4)).toBe("The order is on its way.");
  expect(server.count("initialize")).toBe(3);
  expect(server.calls).toHaveLength(4);
});

it("shares one connection between the calls of a turn", async () => {
  await integrate(server, { settings: { cache_minutes: 1 } });
  const calls = [1, 2, 3, 4];
  await turn((call) => Promise.all(calls.map((order) => call("shop__look_up", { order }))));
  expect(server.count("initialize")).toBe(1);
  expect(server.calls).toHaveLength(4);
});

it("gives a chatbot that may only read what the settings call reading, whatever the server says of its tools", async () => {
  await integrate(server, { permission: "read" });
  expect(await namesOf()).toEqual(["shop__look_up"]);
});

it("speaks SSE to a server that refuses Streamable HTTP, but not to one that refuses us", async () => {
  server.speaks = "sse";
  await integrate(server);
  expect(await turn((call) => call("shop__look_up"))).toBe("The order is on its way.");
  const strict = await start();
  strict.onMessage = (response) => response.writeHead(401).end();
  await integrate(strict, { name: "strict" });
  expect(await namesOf()).toEqual(["shop__book", "shop__look_up"]);
  expect(strict.asked).not.toContain("GET");
  expect((await alerts())[0]?.summary).toContain("status 401");
});

it("gives up on a result that is too large, and on one that breaks off", async () => {
  await integrate(server);
  const big = (length: number) => ({ content: [{ type: "text", text: "x".repeat(length) }] });
  server.result = () => big(1_000_000);
  expect(await turn((call) => call("shop__look_up", { order: 1 }))).toHaveLength(1_000_000);
  server.result = () => big(1_100_000);
  await expect(turn((call) => call("shop__look_up", { order: 2 }))).rejects.toThrow(
    "larger than 1048576 bytes",
  );
  await namesOf();
  server.onMessage = (response, { method }) => {
    if (method !== "tools/call") return response.writeHead(202).end();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    return setTimeout(() => response.destroy(), 20);
  };
  await expect(turn((call) => call("shop__look_up", { order: 3 }))).rejects.toThrow(
    "The connection to",
  );
});

it("tells the model what a tool says of its own failure", async () => {
  await integrate(server);
  server.result = () => ({ isError: true, content: [{ type: "text", text: "no such order" }] });
  const failure = turn((call) => call("shop__look_up", { order: 0 }));
  await expect(failure).rejects.toThrow(new ToolArgumentsError("no such order"));
});

it("asks nothing of a private address, unless the installation allows it", async () => {
  await integrate(server);
  await integrate(server, { name: "hidden", settings: { url: "https://127.0.0.1/mcp" } });
  expect(await namesOf({ allowed: [] })).toEqual([]);
  expect(server.connections).toBe(0);
  const summaries = (await alerts()).map(({ summary }) => summary);
  expect(summaries).toEqual([
    expect.stringContaining("not a public address"),
    expect.stringContaining("does not begin with https://"),
  ]);
  expect(await namesOf()).toEqual(["shop__book", "shop__look_up"]);
});

it("asks again when the settings are others", async () => {
  const { id } = await integrate(server);
  await namesOf();
  const other = await start();
  await db.query(
    "update org_integrations set settings = jsonb_set(settings, '{url}', $1) where id = $2",
    [JSON.stringify(other.url), id],
  );
  await namesOf();
  expect(other.count("tools/list")).toBe(2);
});
