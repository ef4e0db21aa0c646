import { catalogueProblems } from "../../../db/catalogue.ts";
import type { Queryable } from "../../../db/connection.ts";
import { PLATFORM_ROLES } from "../../../db/roles.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { database } from "./database.ts";

/** What the webhook server calls, and all that its role may do. */
const FUNCTIONS_OF_THE_INGRESS = ["inbox_health()", "record_webhook_events(jsonb)"];

/** Nothing in the database lets a tenant, or whoever takes the ingress over, see another tenant's rows. */
export const roles: Check = {
  name: "roles and tenants",
  needs: [database],
  async run({ withDatabase }) {
    const problems = await withDatabase(async (db) => [
      ...(await catalogueProblems(db)),
      ...(await ownershipProblems(db)),
      ...(await ingressProblems(db)),
    ]);
    if (problems.length === 0) {
      return [ok("the roles may do what they need only; row-level security is forced everywhere")];
    }
    return problems.map((problem) =>
      failed(problem, "Undo it as superuser; db/CONVENTIONS.md has the rule."),
    );
  },
};

/** Row-level security is the owner's to switch off. */
async function ownershipProblems(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ problem: string }>(
    `select format('role %s owns table %s', r.rolname, c.relname) as problem
     from pg_class c join pg_roles r on r.oid = c.relowner
     where c.relkind in ('r', 'p', 'v', 'm') and r.rolname = any ($1) order by 1`,
    [PLATFORM_ROLES],
  );
  return rows.map(({ problem }) => problem);
}

/** Functions that run with the caller's rights give the role nothing. */
async function ingressProblems(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.prosecdef
       and has_function_privilege('chatbot_ingress', p.oid, 'execute')`,
  );
  const executable = rows.map(({ name }) => name);
  return [
    ...executable
      .filter((name) => !FUNCTIONS_OF_THE_INGRESS.includes(name))
      .map((name) => `role chatbot_ingress may execute ${name}`),
    ...FUNCTIONS_OF_THE_INGRESS.filter((name) => !executable.includes(name)).map(
      (name) => `role chatbot_ingress may not execute ${name}`,
    ),
  ];
}
