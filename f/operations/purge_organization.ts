import { type Database, many, one, type Tenant, withTenant } from "../platform/postgres.ts";
import type { PurgeClients, PurgeLimits } from "./purge.ts";

/** Counts what was removed of a table. */
type Add = (table: string, count: number) => void;

/** The organization's settings, in days; null: for ever. */
interface Kept {
  readonly keep_messages_days: number | null;
  readonly keep_webhook_events_days: number;
  readonly keep_logs_days: number | null;
  readonly keep_alerts_days: number | null;
}

/** One batch, in a transaction of its own: $1 is a number of days, $2 how many rows at most. */
interface Task {
  readonly table: string;
  readonly setting: keyof Kept;
  readonly sql: string;
}

/** Turns and contacts stay, empty: the ledger points to them. */
const TASKS: readonly Task[] = [
  {
    table: "messages",
    setting: "keep_messages_days",
    // those of a turn that is not finished are still needed, and those with a file wait until it is gone
    sql: `delete from messages where id in (
        select m.id from messages m left join turns t on t.id = m.turn_id
        where m.sent_at < now() - make_interval(days => $1) and (m.turn_id is null or t.finished_at is not null)
          and not exists (select from message_media f where f.message_id = m.id)
        order by m.sent_at limit $2)`,
  },
  {
    table: "turns",
    setting: "keep_messages_days",
    sql: `update turns set reply = case when reply is not null then '' end, sources = '[]', error = null
      where id in (
        select id from turns
        where finished_at < now() - make_interval(days => $1)
          and (reply <> '' or sources <> '[]' or error is not null)
        order by finished_at limit $2)`,
  },
  {
    table: "summaries",
    setting: "keep_messages_days",
    sql: `update contacts set summary = '', summary_until_message_id = null
      where id in (
        select id from contacts
        where last_message_at < now() - make_interval(days => $1) and summary <> '' limit $2)`,
  },
  {
    table: "webhook_events",
    setting: "keep_webhook_events_days",
    sql: `delete from webhook_events where id in (
        select id from webhook_events
        where received_at < now() - make_interval(days => $1) and status in ('completed', 'failed', 'ignored')
        order by received_at limit $2)`,
  },
  {
    table: "tool_executions",
    setting: "keep_logs_days",
    sql: `delete from tool_executions where id in (
        select id from tool_executions where created_at < now() - make_interval(days => $1)
        order by created_at limit $2)`,
  },
  {
    table: "system_alerts",
    setting: "keep_alerts_days",
    sql: `delete from system_alerts where id in (
        select id from system_alerts where created_at < now() - make_interval(days => $1)
        order by created_at limit $2)`,
  },
];

/** Deletes what the organization no longer keeps; false when the limits left some of it to the next run. */
export async function purgeOrganization(
  database: Database,
  clients: PurgeClients,
  organizationId: string,
  limits: PurgeLimits,
  add: Add,
): Promise<boolean> {
  const kept = await withTenant(database, organizationId, (tenant) =>
    one<Kept>(
      tenant,
      `select keep_messages_days, keep_webhook_events_days, keep_logs_days, keep_alerts_days
       from organizations where id = $1`,
      [organizationId],
    ),
  );
  const inTenant = (work: (tenant: Tenant) => Promise<number>) =>
    withTenant(database, organizationId, work);
  let isDone = await inBatches(limits, add, "message_media", () =>
    removeOldFiles(database, clients, organizationId, kept.keep_messages_days, limits.batch),
  );
  for (const { table, setting, sql } of TASKS) {
    const days = kept[setting];
    if (days === null) continue;
    const isEmpty = await inBatches(limits, add, table, () =>
      inTenant(async (tenant) => {
        const rows = await tenant.query(`${sql} returning 1`, [days, limits.batch]);
        return rows.length;
      }),
    );
    isDone = isDone && isEmpty;
  }
  return isDone;
}

/** False when the last batch was full, too. */
async function inBatches(
  { batch, batches }: PurgeLimits,
  add: Add,
  table: string,
  remove: () => Promise<number>,
): Promise<boolean> {
  for (let done = 0; done < batches; done++) {
    const removed = await remove();
    if (removed > 0) add(table, removed);
    if (removed < batch) return true;
  }
  return false;
}

/** The file before its row: killed in between, the next run finds the row and removes nothing twice. */
async function removeOldFiles(
  database: Database,
  clients: PurgeClients,
  organizationId: string,
  days: number | null,
  batch: number,
): Promise<number> {
  if (days === null) return 0;
  const files = await withTenant(database, organizationId, (tenant) =>
    many<{ id: number; s3_key: string | null }>(
      tenant,
      `select f.id, f.s3_key from message_media f join messages m on m.id = f.message_id
       where m.sent_at < now() - make_interval(days => $1) and f.status <> 'pending'
       order by m.sent_at limit $2`,
      [days, batch],
    ),
  );
  for (const { s3_key } of files) if (s3_key !== null) await clients.removeFile(s3_key);
  const ids = files.map(({ id }) => id);
  await withTenant(database, organizationId, (tenant) =>
    tenant.query("delete from message_media where id = any($1::bigint[])", [ids]),
  );
  return files.length;
}
