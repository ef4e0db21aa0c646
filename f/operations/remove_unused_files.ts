import { removeUnusedFiles } from "../knowledge/unused_files.ts";
import { many, type Postgresql, withDb } from "../platform/postgres.ts";
import { removeFile } from "../platform/stored_files.ts";

/** Removes the files of deleted knowledge sources that a job left behind, or a deleted chatbot. */
export async function main(db: Postgresql): Promise<{ removed: number }> {
  return withDb(db, async (database) => {
    let removed = 0;
    const found = await many<{ organization_id: string }>(
      database,
      "select organization_id from organizations_with_unused_files()",
    );
    for (const { organization_id } of found) {
      removed += await removeUnusedFiles(database, organization_id, removeFile);
    }
    return { removed };
  });
}
