import type { ToolDefinition } from "../../platform/models.ts";
import { maybeOne, type Tenant } from "../../platform/postgres.ts";
import { storableJson } from "../../platform/storable_text.ts";
import type { McpWay } from "./mcp_connection.ts";
import { McpRestingError, McpToolListTooLargeError } from "./mcp_errors.ts";
import type { McpServer } from "./mcp_server.ts";

export interface ToolList {
  readonly tools: readonly ToolDefinition[];
  readonly way: McpWay;
}

const MAX_TOOLS = 100;
/** About 60,000 tokens: beyond, it is no tool list. */
const MAX_LENGTH = 256_000;
const RESTS_FOR = "1 minute";

/** The list that is still good; undefined when the server has to be asked. Throws McpRestingError. */
export async function freshToolList(
  tenant: Tenant,
  server: McpServer,
): Promise<ToolList | undefined> {
  const known = await maybeOne<{
    tools: ToolDefinition[];
    way: McpWay;
    failed_at: Date;
    is_fresh: boolean;
    is_resting: boolean;
  }>(
    tenant,
    `select tools, way, failed_at,
       coalesce(listed_at > now() - make_interval(mins => $3::int), false) as is_fresh,
       coalesce(failed_at > now() - $4::interval, false) as is_resting
     from integration_tools where integration_id = $1 and server_hash = $2`,
    [server.integrationId, server.hash, Math.floor(server.cacheMinutes), RESTS_FOR],
  );
  if (known?.is_fresh) return { tools: known.tools, way: known.way };
  if (known?.is_resting) throw new McpRestingError(server.name, known.failed_at);
  return undefined;
}

/** Throws McpToolListTooLargeError. */
export async function keepToolList(
  tenant: Tenant,
  server: McpServer,
  { tools, way }: ToolList,
): Promise<void> {
  const json = storableJson(tools);
  const wayJson = storableJson(way);
  if (tools.length > MAX_TOOLS) {
    throw new McpToolListTooLargeError(server.name, `${tools.length} tools`);
  }
  if (json.length + wayJson.length > MAX_LENGTH) {
    throw new McpToolListTooLargeError(server.name, `${json.length + wayJson.length} characters`);
  }
  await tenant.query(
    `insert into integration_tools (organization_id, integration_id, server_hash, tools, way, listed_at)
     values ($1, $2, $3, $4, $5, now())
     on conflict (integration_id) do update set server_hash = excluded.server_hash, tools = excluded.tools,
       way = excluded.way, listed_at = now(), failed_at = null`,
    [tenant.organizationId, server.integrationId, server.hash, json, wayJson],
  );
}

/** The server did not answer: it rests, and its list is asked for anew. */
export async function keepFailure(tenant: Tenant, server: McpServer): Promise<void> {
  await tenant.query(
    `insert into integration_tools (organization_id, integration_id, server_hash, failed_at)
     values ($1, $2, $3, now())
     on conflict (integration_id) do update set server_hash = excluded.server_hash, failed_at = now(),
       tools = null, way = null, listed_at = null`,
    [tenant.organizationId, server.integrationId, server.hash],
  );
}
