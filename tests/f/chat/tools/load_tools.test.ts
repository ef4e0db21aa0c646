import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type LoadedTools,
  loadTools,
  type OfferedTool,
  type OpenIntegration,
  UnknownKindError,
} from "../../../../f/chat/tools/load_tools.ts";
import type { Integration } from "../../../../f/chat/tools/tool_settings.ts";
import { withDb } from "../../../../f/platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../../../helpers/database.ts";
import {
  insertChatbotIntegration,
  insertOrgIntegration,
} from "../../../helpers/integration_records.ts";
import { insertChatbot } from "../../../helpers/records.ts";
import type {
  ChatbotIntegrationRow,
  ChatbotRow,
  OrgIntegrationRow,
} from "../../../helpers/rows.ts";
import { settingsOf } from "./settings_of.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

function offered(name: string, access: OfferedTool["access"] = "read"): OfferedTool {
  const definition = { name, description: "A tool.", parameters: { type: "object" } };
  const run = async (args: unknown) => ({ text: JSON.stringify({ name, args }), sources: [] });
  return { tool: { definition, run }, access };
}

async function integrate(
  chatbot: ChatbotRow,
  name: string,
  integration: Partial<OrgIntegrationRow> = {},
  use: Partial<ChatbotIntegrationRow> = {},
) {
  const { organization_id } = chatbot;
  const { id } = await insertOrgIntegration(db, { organization_id, name, ...integration });
  await insertChatbotIntegration(db, {
    organization_id,
    chatbot_id: chatbot.id,
    integration_id: id,
    ...use,
  });
}

function load(chatbot: ChatbotRow, mcp: OpenIntegration, timeoutMs?: number) {
  const scope = {
    organizationId: chatbot.organization_id,
    chatbotId: chatbot.id,
    turnId: randomUUID(),
  };
  return withDb(db.resource("chatbot_app"), async (database) => {
    const { integrations } = await settingsOf(database, scope);
    return loadTools(database, scope, integrations, { mcp }, timeoutMs);
  });
}

const names = ({ tools }: LoadedTools) => tools.map(({ definition }) => definition.name);

it("offers what the chatbot's integrations offer, each under its integration's name, sorted", async () => {
  const chatbot = await insertChatbot(db);
  await integrate(chatbot, "shop");
  await integrate(chatbot, "orders", { settings: { url: "https://orders.example.com" } });
  const opened: Integration[] = [];
  const loaded = await load(chatbot, async (integration) => {
    opened.push(integration);
    return [offered("search"), offered("get")];
  });
  expect(names(loaded)).toEqual(["orders__get", "orders__search", "shop__get", "shop__search"]);
  expect(opened[0]?.settings).toEqual({ url: "https://orders.example.com" });
});

it("opens neither what is switched off nor what is another chatbot's", async () => {
  const chatbot = await insertChatbot(db);
  const { organization_id } = chatbot;
  const other = await insertChatbot(db, { organization_id });
  await integrate(chatbot, "in_use");
  await integrate(chatbot, "inactive", { is_active: false });
  await integrate(chatbot, "disabled", {}, { is_enabled: false });
  await integrate(other, "not_mine");
  await integrate(await insertChatbot(db), "not_ours");
  expect(names(await load(chatbot, async () => [offered("get")]))).toEqual(["in_use__get"]);
});

it("keeps tools that write from a chatbot that may only read", async () => {
  const chatbot = await insertChatbot(db);
  await integrate(chatbot, "reading", {}, { permission: "read" });
  await integrate(chatbot, "writing", {}, { permission: "write" });
  const loaded = await load(chatbot, async () => [offered("get"), offered("cancel", "write")]);
  expect(names(loaded)).toEqual(["reading__get", "writing__cancel", "writing__get"]);
});

it("loads eight of ten integrations when one hangs and one fails, and says which two are missing", async () => {
  const chatbot = await insertChatbot(db);
  for (let number = 0; number < 10; number++) await integrate(chatbot, `server_${number}`);
  const loaded = await load(
    chatbot,
    async ({ name }) => {
      if (name === "server_3") throw new Error("it crashed");
      // deaf to its signal too
      if (name === "server_4") return new Promise<never>(() => undefined);
      return [offered("get")];
    },
    200,
  );
  expect(names(loaded)).toEqual([0, 1, 2, 5, 6, 7, 8, 9].map((number) => `server_${number}__get`));
  expect(
    loaded.failures.map(({ integration, cause }) => [
      integration.name,
      cause instanceof Error && cause.message,
    ]),
  ).toEqual([
    ["server_3", "it crashed"],
    ["server_4", expect.stringContaining("timeout")],
  ]);
});

it("opens all integrations at once, so that the timeouts of several do not add up", async () => {
  const chatbot = await insertChatbot(db);
  for (const name of ["first", "second", "third"]) await integrate(chatbot, name);
  let open = 0;
  let release: () => void = () => undefined;
  const allAreOpen = new Promise<void>((resolve) => {
    release = resolve;
  });
  const loaded = await load(chatbot, async () => {
    open += 1;
    if (open === 3) release();
    await allAreOpen;
    return [offered("get")];
  });
  expect(names(loaded)).toHaveLength(3);
});

it("leaves out an integration that brings more tools than a model may be given, and says so", async () => {
  const chatbot = await insertChatbot(db);
  const sizes: Record<string, number> = { first: 60, much_more: 41, one_more: 40 };
  for (const name of Object.keys(sizes)) await integrate(chatbot, name);
  const loaded = await load(chatbot, async ({ name }) =>
    Array.from({ length: sizes[name] ?? 0 }, (_, number) => offered(`get_${number}`)),
  );
  expect(new Set(names(loaded).map((name) => name.split("__")[0]))).toEqual(
    new Set(["first", "one_more"]),
  );
  expect(loaded.tools).toHaveLength(100);
  expect(loaded.failures).toMatchObject([
    { integration: { name: "much_more" }, cause: { name: "TooManyToolsError" } },
  ]);
});

it("names an integration of a kind that nothing opens", async () => {
  const chatbot = await insertChatbot(db);
  await integrate(chatbot, "script", { kind: "windmill_script" });
  await integrate(chatbot, "server");
  const loaded = await load(chatbot, async () => [offered("get")]);
  expect(names(loaded)).toEqual(["server__get"]);
  expect(loaded.failures[0]?.cause).toBeInstanceOf(UnknownKindError);
});
