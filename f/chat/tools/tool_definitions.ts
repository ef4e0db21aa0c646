import { createHash } from "node:crypto";
import { type Alert, recordAlert } from "../../platform/alerts.ts";
import type { ToolDefinition } from "../../platform/models.ts";
import { many, type Tenant } from "../../platform/postgres.ts";

/** A tool as its integration defines it. */
export interface Defined {
  readonly integrationId: string;
  readonly integrationName: string;
  readonly definition: ToolDefinition;
}

/** Of everything that a model reads of a tool, whatever the order of its keys. */
export function definitionHash({ name, description, parameters }: ToolDefinition): string {
  return createHash("sha256")
    .update(JSON.stringify([name, description, sorted(parameters)]))
    .digest("hex");
}

/**
 * Returns which of the tools may be offered to a model. A tool that is seen for the first time is approved: it came
 * with its integration. One whose definition has changed since is not, until somebody approves it, and an alert says so.
 */
export async function approvedOf<Tool extends Defined>(
  tenant: Tenant,
  tools: readonly Tool[],
): Promise<Tool[]> {
  const offered = tools.map(({ integrationId, definition }) => ({
    integration_id: integrationId,
    tool_name: definition.name,
    definition_hash: definitionHash(definition),
  }));
  await tenant.query(
    `insert into tool_definitions as known (organization_id, integration_id, tool_name, definition_hash, approved_hash)
     select distinct on (t.integration_id, t.tool_name) $2, t.integration_id, t.tool_name, t.definition_hash, t.definition_hash
     from jsonb_to_recordset($1) as t (integration_id uuid, tool_name text, definition_hash text)
     order by t.integration_id, t.tool_name
     on conflict (integration_id, tool_name) do update
       set definition_hash = excluded.definition_hash, changed_at = now()
       where known.definition_hash <> excluded.definition_hash`,
    [JSON.stringify(offered), tenant.organizationId],
  );
  const approved = await many<{ integration_id: string; tool_name: string; approved_hash: string }>(
    tenant,
    "select integration_id, tool_name, approved_hash from tool_definitions where integration_id = any ($1)",
    [[...new Set(offered.map(({ integration_id }) => integration_id))]],
  );
  const hashes = new Map(
    approved.map((row) => [keyOf(row.integration_id, row.tool_name), row.approved_hash]),
  );
  const isApproved = ({ integrationId, definition }: Defined) =>
    hashes.get(keyOf(integrationId, definition.name)) === definitionHash(definition);
  for (const changed of tools.filter((tool) => !isApproved(tool))) {
    await recordAlert(tenant, changedAlert(changed));
  }
  return tools.filter(isApproved);
}

function changedAlert({ integrationId, integrationName, definition }: Defined): Alert {
  return {
    severity: "warning",
    kind: "tool_changed",
    alertKey: `tool_changed:${integrationId}:${definition.name}:${definitionHash(definition)}`,
    summary: `The tool ${definition.name} of the integration ${integrationName} is not offered any more: its definition has changed. Read it, then run f/operations/approve_tools.`,
    details: { integration_id: integrationId, tool: definition.name },
    flowJobId: null,
    turnId: null,
  };
}

function keyOf(integrationId: string, toolName: string): string {
  return JSON.stringify([integrationId, toolName]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
