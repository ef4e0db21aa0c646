import { readToolSettings, type ToolSettings } from "../../../../f/chat/tools/tool_settings.ts";
import { type Database, withTenant } from "../../../../f/platform/postgres.ts";

/** What a turn of the chatbot would make its tools from. */
export function settingsOf(
  database: Database,
  { organizationId, chatbotId }: { organizationId: string; chatbotId: string },
): Promise<ToolSettings> {
  return withTenant(database, organizationId, (tenant) => readToolSettings(tenant, chatbotId));
}
