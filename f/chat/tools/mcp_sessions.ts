import { maybeOne, type Tenant } from "../../platform/postgres.ts";
import type { McpSession } from "./mcp_connection.ts";
import type { McpServer } from "./mcp_server.ts";

/** Servers forget sessions that are not used; asking one in vain costs a round trip. */
const GOOD_FOR = "30 minutes";

/** The session in which this contact's last turn spoke to the server. */
export async function readSession(
  tenant: Tenant,
  server: McpServer,
  contactId: string,
): Promise<McpSession | undefined> {
  const row = await maybeOne<{ session_id: string; protocol_version: string }>(
    tenant,
    `update integration_sessions set used_at = now()
     where integration_id = $1 and contact_id = $2 and server_hash = $3 and used_at > now() - $4::interval
     returning session_id, protocol_version`,
    [server.integrationId, contactId, server.hash, GOOD_FOR],
  );
  return row && { sessionId: row.session_id, protocolVersion: row.protocol_version };
}

/** The latest one stays; undefined: the server gave none. */
export async function keepSession(
  tenant: Tenant,
  server: McpServer,
  contactId: string,
  session: McpSession | undefined,
): Promise<void> {
  if (!session) return;
  await tenant.query(
    `insert into integration_sessions
       (organization_id, integration_id, contact_id, server_hash, session_id, protocol_version)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (integration_id, contact_id) do update set server_hash = excluded.server_hash,
       session_id = excluded.session_id, protocol_version = excluded.protocol_version, used_at = now()`,
    [
      tenant.organizationId,
      server.integrationId,
      contactId,
      server.hash,
      session.sessionId,
      session.protocolVersion,
    ],
  );
}
