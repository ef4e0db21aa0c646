import { type Database, one, withTenant } from "../../platform/postgres.ts";
import type { Tool } from "../agent/types.ts";
import { storeVariable } from "../contact_variables.ts";
import type { ContextPayload } from "../context.ts";
import { factsOf, getFact } from "./get_fact.ts";
import { handOverToHuman } from "./hand_over_to_human.ts";
import { remember } from "./remember.ts";

/** The tools that every chatbot has, less those that are switched off for this one. */
export async function builtInTools(
  database: Database,
  {
    organization_id,
    chatbot,
    contact,
  }: Pick<ContextPayload, "organization_id" | "chatbot" | "contact">,
): Promise<Tool[]> {
  const { disabled_tools, facts: settings } = await withTenant(
    database,
    organization_id,
    (tenant) =>
      one<{ disabled_tools: string[]; facts: Record<string, unknown> }>(
        tenant,
        "select disabled_tools, facts from chatbots where id = $1",
        [chatbot.id],
      ),
  );
  const facts = factsOf(settings);
  const tools = [
    handOverToHuman(),
    remember((variable) =>
      withTenant(database, organization_id, (tenant) =>
        storeVariable(tenant, contact.id, variable),
      ),
    ),
    ...(facts.size > 0 ? [getFact(facts)] : []),
  ];
  return tools.filter(({ definition }) => !disabled_tools.includes(definition.name));
}
