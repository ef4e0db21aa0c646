import { type Database, many, one, withTenant } from "../platform/postgres.ts";

export type RemoveFile = (s3Key: string) => Promise<void>;

/**
 * Removes the organization's files whose source has been deleted, and returns how many. Killed in between, it goes on
 * with the next run: a file leaves the list last. One that is used again meanwhile stays.
 */
export async function removeUnusedFiles(
  database: Database,
  organizationId: string,
  removeFile: RemoveFile,
): Promise<number> {
  const files = await withTenant(database, organizationId, (tenant) =>
    many<{ s3_key: string }>(tenant, "select s3_key from unused_files order by created_at"),
  );
  let removed = 0;
  for (const { s3_key } of files) {
    const { is_used } = await withTenant(database, organizationId, (tenant) =>
      one<{ is_used: boolean }>(
        tenant,
        "select exists (select from knowledge_sources where s3_key = $1) as is_used",
        [s3_key],
      ),
    );
    if (!is_used) {
      await removeFile(s3_key);
      removed++;
    }
    await withTenant(database, organizationId, (tenant) =>
      tenant.query("delete from unused_files where s3_key = $1", [s3_key]),
    );
  }
  return removed;
}
