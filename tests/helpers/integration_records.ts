import { type Database, find, insert, unique } from "./insert_row.ts";
import { chatbotOf, contactOf, insertOrganization } from "./records.ts";
import type {
  ChatbotIntegrationRow,
  IntegrationSessionRow,
  IntegrationToolsRow,
  OrgIntegrationRow,
  ToolDefinitionRow,
} from "./rows.ts";

export async function insertOrgIntegration(
  db: Database,
  overrides: Partial<OrgIntegrationRow> = {},
): Promise<OrgIntegrationRow> {
  return insert(db, "org_integrations", {
    organization_id: overrides.organization_id ?? (await insertOrganization(db)).id,
    kind: "mcp",
    name: `orders_${unique()}`,
    settings: { url: "https://mcp.example.com/mcp" },
    ...overrides,
  });
}

export async function insertChatbotIntegration(
  db: Database,
  overrides: Partial<ChatbotIntegrationRow> = {},
): Promise<ChatbotIntegrationRow> {
  const chatbot = await chatbotOf(db, overrides);
  const { organization_id } = chatbot;
  return insert(db, "chatbot_integrations", {
    organization_id,
    chatbot_id: chatbot.id,
    integration_id:
      overrides.integration_id ?? (await insertOrgIntegration(db, { organization_id })).id,
    ...overrides,
  });
}

/** It has failed a moment ago, unless an override says otherwise. */
export async function insertIntegrationTools(
  db: Database,
  overrides: Partial<IntegrationToolsRow> & Pick<IntegrationToolsRow, "integration_id">,
): Promise<IntegrationToolsRow> {
  const { integration_id } = overrides;
  const { organization_id } = await find<OrgIntegrationRow>(db, "org_integrations", integration_id);
  return insert(db, "integration_tools", {
    organization_id,
    server_hash: unique(),
    failed_at: new Date(),
    ...overrides,
  });
}

export async function insertIntegrationSession(
  db: Database,
  overrides: Partial<IntegrationSessionRow> &
    Pick<IntegrationSessionRow, "integration_id" | "contact_id">,
): Promise<IntegrationSessionRow> {
  const { organization_id } = await contactOf(db, overrides);
  return insert(db, "integration_sessions", {
    organization_id,
    server_hash: unique(),
    session_id: unique(),
    protocol_version: "2025-11-25",
    ...overrides,
  });
}

export async function insertToolDefinition(
  db: Database,
  overrides: Partial<ToolDefinitionRow> &
    Pick<ToolDefinitionRow, "organization_id" | "integration_id">,
): Promise<ToolDefinitionRow> {
  return insert(db, "tool_definitions", {
    tool_name: "get_order",
    definition_hash: "a1",
    approved_hash: "a1",
    ...overrides,
  });
}
