import { type Database, type Postgresql, type Tenant, withDb } from "../platform/postgres.ts";
import { recordReplyMessages } from "../platform/reply_messages.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";

export interface SavedHistory {
  readonly outcome: "saved" | "superseded";
  readonly turn_id: string;
}

/** Step 3. Keeps the reply in the conversation, whether or not it can be sent; load_context kept the contact's part. */
export async function main(turn_id: string, fence: number, db: Postgresql): Promise<SavedHistory> {
  return withDb(db, (database) => saveHistory(database, turn_id, fence));
}

export async function saveHistory(
  database: Database,
  turnId: string,
  fence: number,
): Promise<SavedHistory> {
  const { result: outcome } = await withTenantOfTurn(database, turnId, (tenant) =>
    keepReply(tenant, turnId, fence),
  );
  return { outcome, turn_id: turnId };
}

async function keepReply(
  tenant: Tenant,
  turnId: string,
  fence: number,
): Promise<SavedHistory["outcome"]> {
  const parts = await recordReplyMessages(tenant, turnId, fence);
  if (parts === undefined) return "superseded";
  await tenant.query(
    `update contacts set last_message_at = now()
     where id = (select contact_id from turns where id = $1)`,
    [turnId],
  );
  return "saved";
}
