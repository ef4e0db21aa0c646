import { type Alert, recordAlert } from "../../platform/alerts.ts";
import { type Database, withTenant } from "../../platform/postgres.ts";
import type { Tool } from "../agent/types.ts";
import type { ToolScope } from "./guarded_tool.ts";
import { loadTools, type Openers } from "./load_tools.ts";
import { McpRestingError } from "./mcp_errors.ts";
import type { Integration } from "./tool_settings.ts";

/**
 * The tools of the chatbot's integrations. One that cannot be opened is missing, and an alert says so: the contact
 * is answered without it.
 */
export async function integrationTools(
  database: Database,
  scope: ToolScope,
  integrations: readonly Integration[],
  openers: Openers,
  timeoutMs?: number,
): Promise<readonly Tool[]> {
  const { tools, failures } = await loadTools(database, scope, integrations, openers, timeoutMs);
  // whoever found it failed has said so
  const unknown = failures.filter(({ cause }) => !(cause instanceof McpRestingError));
  if (unknown.length > 0) {
    // written only: Slack hears of it later and holds no reply up
    await withTenant(database, scope.organizationId, async (tenant) => {
      for (const failure of unknown) await recordAlert(tenant, unavailable(scope, failure));
    });
  }
  return tools;
}

function unavailable(
  { chatbotId, turnId }: ToolScope,
  { integration, cause }: { integration: Integration; cause: unknown },
): Alert {
  const { id, name, kind } = integration;
  const why = cause instanceof Error ? cause.message : String(cause);
  return {
    severity: "error",
    kind: "integration_unavailable",
    alertKey: `integration_unavailable:${id}:${turnId}`,
    fingerprint: `integration_unavailable:${id}`,
    summary: `The integration ${name} could not be opened, and contacts are answered without its tools. ${why}`,
    details: { integration_id: id, integration: name, kind, chatbot_id: chatbotId },
    flowJobId: null,
    turnId,
  };
}
