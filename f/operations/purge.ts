import { type JobRecords, jobRecords } from "../platform/job_records.ts";
import { type Database, many, one, type Postgresql, withDb } from "../platform/postgres.ts";
import { removeFile } from "../platform/stored_files.ts";
import { OrganizationsFailedError } from "./each_organization.ts";
import { finishErasures } from "./finish_erasure.ts";
import { purgeOrganization } from "./purge_organization.ts";

/** Rows that were deleted or emptied, by table, and files; is_complete: nothing more is due now. */
export interface Purged {
  readonly removed: Readonly<Record<string, number>>;
  readonly is_complete: boolean;
}

export interface PurgeClients {
  readonly jobs: JobRecords;
  /** A file that is not there is no error. */
  removeFile(s3Key: string): Promise<void>;
}

/** What one run may do for one organization: no other waits long for it, and a backlog takes some nights. */
export interface PurgeLimits {
  readonly batch: number;
  readonly batches: number;
}

const LIMITS: PurgeLimits = { batch: 500, batches: 40 };

/** Each night: deletes what an organization no longer keeps, and goes on with erasures that were interrupted. */
export async function main(db: Postgresql): Promise<Purged> {
  return withDb(db, (database) => purge(database, { jobs: jobRecords(), removeFile }, LIMITS));
}

/** Throws OrganizationsFailedError after all of them. */
export async function purge(
  database: Database,
  clients: PurgeClients,
  limits: PurgeLimits,
): Promise<Purged> {
  const removed: Record<string, number> = {};
  const add = (table: string, count: number) => {
    removed[table] = (removed[table] ?? 0) + count;
  };
  const failures: Error[] = [];
  let isComplete = true;
  const organizations = await many<{ organization_id: string }>(
    database,
    "select organization_id from all_organizations()",
  );
  for (const { organization_id } of organizations) {
    const tasks = [
      () => purgeOrganization(database, clients, organization_id, limits, add),
      () => finishErasures(database, clients, organization_id),
    ];
    // one that fails every night must not keep the other from being done
    for (const task of tasks) {
      try {
        const isDone = await task();
        isComplete = isComplete && isDone;
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
  add("webhook_events", await deleteUnrouted(database, limits));
  if (failures.length > 0) throw new OrganizationsFailedError("Purging", failures);
  return { removed, is_complete: isComplete };
}

async function deleteUnrouted(database: Database, { batch, batches }: PurgeLimits) {
  const { deleted } = await one<{ deleted: number }>(
    database,
    "select delete_unrouted_webhook_events($1) as deleted",
    [batch * batches],
  );
  return deleted;
}
