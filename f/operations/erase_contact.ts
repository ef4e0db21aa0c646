import { type JobRecords, jobRecords } from "../platform/job_records.ts";
import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import {
  type Database,
  maybeOne,
  type Postgresql,
  type Tenant,
  withDb,
} from "../platform/postgres.ts";
import { removeFile } from "../platform/stored_files.ts";
import { organizationOf } from "../platform/tenant_of_row.ts";
import { eraseRows } from "./erase_rows.ts";
import { finishErasure } from "./finish_erasure.ts";

/** erasing: jobs of the contact's still run; purge goes on with it, and so does asking again. */
export interface ErasedContact {
  readonly outcome: "erased" | "erasing";
  readonly contact_id: string;
  /** its row in erasures */
  readonly erasure_id: string;
  /** rows by table, and files and jobs */
  readonly removed: Readonly<Record<string, number>>;
}

export interface EraseClients {
  readonly jobs: JobRecords;
  /** A file that is not there is no error. */
  removeFile(s3Key: string): Promise<void>;
}

/** Removes all that is held of a contact: rows, files and Windmill's records. What it used stays counted. */
export async function main(
  contact_id: string,
  db: Postgresql,
  user_id?: string,
): Promise<ErasedContact> {
  const clients = { jobs: jobRecords(), removeFile };
  return withDb(db, (database) =>
    eraseContact(database, clients, contact_id, operatorOfJob(user_id)),
  );
}

/**
 * The rows go in one transaction, which also writes down what is to be removed outside: killed before its commit
 * nothing happened, killed after it the rest is still known. Asked again, it goes on, or answers what was done.
 * Throws JobsNotRemovableError.
 */
export async function eraseContact(
  database: Database,
  clients: EraseClients,
  contactId: string,
  operator: Operator,
): Promise<ErasedContact> {
  const subject = { table: "contacts", id: contactId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "erase_contact", subject } as const;
  const erasureId = await actOn(database, organizationId, act, async (tenant, record) => {
    await tenant.query("select id from contacts where id = $1 for update", [contactId]);
    const begun = await findErasure(tenant, contactId);
    if (begun) return begun.id;
    await record();
    return eraseRows(tenant, contactId, operator);
  });
  const { isFinished, removed } = await finishErasure(database, clients, organizationId, erasureId);
  return {
    outcome: isFinished ? "erased" : "erasing",
    contact_id: contactId,
    erasure_id: erasureId,
    removed,
  };
}

function findErasure(tenant: Tenant, contactId: string): Promise<{ id: string } | undefined> {
  return maybeOne<{ id: string }>(tenant, "select id from erasures where contact_id = $1", [
    contactId,
  ]);
}
