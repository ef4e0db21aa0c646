import { randomUUID } from "node:crypto";
import * as wmill from "windmill-client";
import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, one, type Postgresql, withDb } from "../platform/postgres.ts";
import { organizationOf } from "../platform/tenant_of_row.ts";
import { readContactData } from "./read_contact_data.ts";

export interface ExportedContact {
  readonly contact_id: string;
  /** in the workspace's object storage; erase_contact deletes it, too */
  readonly s3_key: string;
}

/** Writes a JSON file to object storage; a file of that key is replaced. */
export type SaveJson = (s3Key: string, json: string) => Promise<void>;

/** Writes all that is held of a contact to a file, and answers only where: results of jobs are kept and shown. */
export async function main(
  contact_id: string,
  db: Postgresql,
  user_id?: string,
): Promise<ExportedContact> {
  return withDb(db, (database) =>
    exportContact(database, saveJson, contact_id, operatorOfJob(user_id)),
  );
}

export async function exportContact(
  database: Database,
  save: SaveJson,
  contactId: string,
  operator: Operator,
): Promise<ExportedContact> {
  const subject = { table: "contacts", id: contactId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "export_contact", subject } as const;
  const s3_key = `exports/${organizationId}/${contactId}/${randomUUID()}.json`;
  const data = await actOn(database, organizationId, act, async (tenant, record) => {
    // an erasure that comes before the file is written waits for the audit's line, and so knows the key
    await one(tenant, "select id from contacts where id = $1 for share", [contactId]);
    await record({ s3_key });
    return readContactData(tenant, contactId);
  });
  await save(s3_key, JSON.stringify(data, null, 2));
  return { contact_id: contactId, s3_key };
}

async function saveJson(s3: string, json: string): Promise<void> {
  await wmill.writeS3File({ s3 }, json, undefined, "application/json");
}
