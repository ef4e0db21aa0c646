import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { organizationOf } from "../platform/tenant_of_row.ts";

export interface ToolsApproved {
  readonly integration_id: string;
  /** offered to models again, from the next turn on */
  readonly approved: readonly string[];
}

/** Approves the changed definitions of an integration's tools, or of one of them. Read them at their server first. */
export async function main(
  integration_id: string,
  db: Postgresql,
  tool_name?: string,
  user_id?: string,
): Promise<ToolsApproved> {
  return withDb(db, (database) =>
    approveTools(database, integration_id, tool_name || null, operatorOfJob(user_id)),
  );
}

/** Throws RowNotFoundError, NotPermittedError. */
export async function approveTools(
  database: Database,
  integrationId: string,
  toolName: string | null,
  operator: Operator,
): Promise<ToolsApproved> {
  const subject = { table: "org_integrations", id: integrationId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "approve_tools", subject } as const;
  return actOn(database, organizationId, act, async (tenant, record) => {
    const rows = await many<{ tool_name: string }>(
      tenant,
      `update tool_definitions set approved_hash = definition_hash
       where integration_id = $1 and ($2::text is null or tool_name = $2) and approved_hash <> definition_hash
       returning tool_name`,
      [integrationId, toolName],
    );
    const approved = rows.map(({ tool_name }) => tool_name).toSorted();
    if (approved.length > 0) await record({ tools: approved });
    return { integration_id: integrationId, approved };
  });
}
