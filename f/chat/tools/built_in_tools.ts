import { type Database, withTenant } from "../../platform/postgres.ts";
import type { Tool } from "../agent/types.ts";
import { storeVariable } from "../contact_variables.ts";
import type { ContextPayload } from "../context.ts";
import { factsOf, getFact } from "./get_fact.ts";
import { handOverToHuman } from "./hand_over_to_human.ts";
import { remember } from "./remember.ts";
import type { ToolSettings } from "./tool_settings.ts";

/** The tools that every chatbot has, less those that are switched off for this one. */
export function builtInTools(
  database: Database,
  { organization_id, contact }: Pick<ContextPayload, "organization_id" | "contact">,
  settings: Pick<ToolSettings, "disabledTools" | "facts">,
): Tool[] {
  const facts = factsOf(settings.facts);
  const tools = [
    handOverToHuman(),
    remember((variable) =>
      withTenant(database, organization_id, (tenant) =>
        storeVariable(tenant, contact.id, variable),
      ),
    ),
    ...(facts.size > 0 ? [getFact(facts)] : []),
  ];
  return tools.filter(({ definition }) => !settings.disabledTools.includes(definition.name));
}
