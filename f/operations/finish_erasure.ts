import { type Database, many, one, type Tenant, withTenant } from "../platform/postgres.ts";
import type { EraseClients } from "./erase_contact.ts";
import { type RemovedJobs, removeJobs } from "./remove_jobs.ts";

interface Erasure {
  readonly flow_job_ids: readonly string[];
  readonly webhook_event_ids: readonly number[];
  readonly file_keys: readonly string[];
  readonly removed: Readonly<Record<string, number>>;
  readonly is_finished: boolean;
}

export interface ErasureState {
  readonly isFinished: boolean;
  readonly removed: Readonly<Record<string, number>>;
}

/** The contact's rows are gone. What is left stands in the erasure's row, and is removed when it goes on. */
export class JobsNotRemovableError extends Error {
  override readonly name = "JobsNotRemovableError";
  readonly erasureId: string;

  constructor(erasureId: string) {
    super(
      `The rows of the erasure ${erasureId} are gone; its Windmill runs and files are left, since only an admin of the workspace may remove runs. Run f/operations/erase_contact again as one, or let one save the schedule of f/operations/purge. The row in erasures lists what is left.`,
    );
    this.erasureId = erasureId;
  }
}

/** Goes on with the organization's erasures that were interrupted. Returns whether all of them are finished now. */
export async function finishErasures(
  database: Database,
  clients: EraseClients,
  organizationId: string,
): Promise<boolean> {
  const begun = await withTenant(database, organizationId, (tenant) =>
    many<{ id: string }>(
      tenant,
      "select id from erasures where finished_at is null order by started_at",
    ),
  );
  let isFinished = true;
  for (const { id } of begun) {
    const state = await finishErasure(database, clients, organizationId, id);
    isFinished = isFinished && state.isFinished;
  }
  return isFinished;
}

/**
 * Removes what an erasure left to do outside of the database. May run any number of times. Throws
 * JobsNotRemovableError.
 */
export async function finishErasure(
  database: Database,
  { jobs, removeFile }: EraseClients,
  organizationId: string,
  erasureId: string,
): Promise<ErasureState> {
  const erasure = await withTenant(database, organizationId, (tenant) =>
    one<Erasure>(
      tenant,
      `select flow_job_ids, to_jsonb(webhook_event_ids) as webhook_event_ids, file_keys, removed, finished_at is not null as is_finished
       from erasures where id = $1`,
      [erasureId],
    ),
  );
  if (erasure.is_finished) return { isFinished: true, removed: erasure.removed };
  const mayHaveJobs = erasure.flow_job_ids.length + erasure.webhook_event_ids.length > 0;
  if (mayHaveJobs && !(await jobs.mayRemove())) throw new JobsNotRemovableError(erasureId);
  const roots = [...erasure.flow_job_ids];
  for (const eventId of erasure.webhook_event_ids) {
    roots.push(...(await jobs.ofEvent(eventId)).map(({ id }) => id));
  }
  const gone = await removeJobs(jobs, roots);
  // a job that runs may be storing a file at this moment
  const files = gone.running === 0 ? erasure.file_keys : [];
  for (const key of files) await removeFile(key);
  return withTenant(database, organizationId, (tenant) =>
    certify(tenant, erasureId, gone, files.length),
  );
}

async function certify(
  tenant: Tenant,
  erasureId: string,
  jobs: RemovedJobs,
  files: number,
): Promise<ErasureState> {
  const { removed } = await one<Pick<Erasure, "removed">>(
    tenant,
    `update erasures set
       removed = removed || jsonb_build_object(
         'jobs', coalesce((removed ->> 'jobs')::int, 0) + $2::int, 'files', $3::int),
       flow_job_ids = case when $4 then '{}' else flow_job_ids end,
       webhook_event_ids = case when $4 then '{}' else webhook_event_ids end,
       file_keys = case when $4 then '{}' else file_keys end,
       finished_at = case when $4 then now() end
     where id = $1 returning removed`,
    [erasureId, jobs.removed, files, jobs.running === 0],
  );
  return { isFinished: jobs.running === 0, removed };
}
