import { type Database, many, type Tenant, withTenant } from "../platform/postgres.ts";

/** Some organizations could not be dealt with; the others were. The next run tries all of them again. */
export class OrganizationsFailedError extends Error {
  override readonly name = "OrganizationsFailedError";

  constructor(task: string, failures: readonly Error[]) {
    const reasons = new Set(failures.map(({ message }) => message));
    super(`${task} failed for ${failures.length} organizations: ${[...reasons].join(" ")}`, {
      cause: new AggregateError(failures),
    });
  }
}

/** Runs `work` for each organization in a transaction of its own. Throws OrganizationsFailedError after all. */
export async function forEachOrganization(
  database: Database,
  task: string,
  work: (tenant: Tenant) => Promise<void>,
): Promise<void> {
  const failures: Error[] = [];
  const found = await many<{ organization_id: string }>(
    database,
    "select organization_id from all_organizations()",
  );
  for (const { organization_id } of found) {
    try {
      await withTenant(database, organization_id, work);
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  if (failures.length > 0) throw new OrganizationsFailedError(task, failures);
}
