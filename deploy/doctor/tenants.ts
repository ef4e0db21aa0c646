import { z } from "zod";
import type { Queryable } from "../../db/connection.ts";

const ownRole = z.object({ sees_all: z.boolean() });

/**
 * Runs `read` once for each organization, or once with null where the role sees every row. The owner of the
 * tables is bound by row-level security, too. It may still see more than that one organization's rows, since it is a
 * member of chatbot_router, so `read` has to ask for them.
 */
export async function inEachTenant<Result>(
  db: Queryable,
  read: (organizationId: string | null) => Promise<Result>,
): Promise<Result[]> {
  const [row] = await db.query(
    "select rolsuper or rolbypassrls as sees_all from pg_roles where rolname = current_user",
  );
  if (ownRole.parse(row).sees_all) return [await read(null)];
  const organizations = await db.query<{ organization_id: string }>(
    "select organization_id from all_organizations()",
  );
  const results: Result[] = [];
  for (const { organization_id } of organizations) {
    await db.query("begin read only");
    await db.query("select set_config('app.organization_id', $1, true)", [organization_id]);
    results.push(await read(organization_id));
    await db.query("commit");
  }
  return results;
}
