import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, maybeOne, type Postgresql, withDb } from "../platform/postgres.ts";
import { removeFile } from "../platform/stored_files.ts";
import { findOrganization } from "../platform/tenant_of_row.ts";
import { type RemoveFile, removeUnusedFiles } from "./unused_files.ts";

export interface Deleted {
  /** already: there is no such source, or no longer */
  readonly outcome: "deleted" | "already";
}

/** Deletes a knowledge source with its passages and its file. A job that is processing it then ends by itself. */
export async function main(
  knowledge_source_id: string,
  db: Postgresql,
  user_id?: string,
): Promise<Deleted> {
  return withDb(db, (database) =>
    deleteDocument(database, removeFile, knowledge_source_id, operatorOfJob(user_id)),
  );
}

/** The source goes first and with it its passages: a file that is left over is removed by the next run. */
export async function deleteDocument(
  database: Database,
  removeStoredFile: RemoveFile,
  sourceId: string,
  operator: Operator,
): Promise<Deleted> {
  const subject = { table: "knowledge_sources", id: sourceId } as const;
  const organization = await findOrganization(database, subject);
  if (organization === null) return { outcome: "already" };
  const act = { operator, action: "delete_document", subject } as const;
  const deleted = await actOn(database, organization, act, async (tenant, record) => {
    const source = await maybeOne<{ source_type: string; chatbot_id: string }>(
      tenant,
      "delete from knowledge_sources where id = $1 returning source_type, chatbot_id",
      [sourceId],
    );
    if (!source) return false;
    await record({ ...source });
    return true;
  });
  await removeUnusedFiles(database, organization, removeStoredFile);
  return { outcome: deleted ? "deleted" : "already" };
}
