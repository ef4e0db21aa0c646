import type { Queryable } from "./connection.ts";
import { PLATFORM_ROLES } from "./roles.ts";

/** What the catalogue says that it must not, in sentences; see CONVENTIONS.md for the rules. */
export async function catalogueProblems(database: Queryable): Promise<string[]> {
  const problems: string[] = [];
  for (const sql of RULES) {
    const rows = await database.query<{ problem: string }>(sql);
    problems.push(...rows.map(({ problem }) => problem));
  }
  const roles = await database.query<{ problem: string }>(ROLES_ARE_HARMLESS, [PLATFORM_ROLES]);
  return [...problems, ...roles.map(({ problem }) => problem)];
}

/** A tenant's table has an organization_id; `organizations` is its own tenant. */
const TENANT_TABLES = `
  select c.* from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and (c.relname = 'organizations' or exists (
      select from pg_attribute a
      where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped))`;

const APP_ROLES = "('chatbot_app'), ('chatbot_ingress'), ('chatbot_router')";

const RULES = [
  `select format('table %s does not force row-level security', relname) as problem
   from (${TENANT_TABLES}) t where not (relrowsecurity and relforcerowsecurity) order by relname`,

  `select format('table %s has no policy tenant_isolation for everybody and every command', relname) as problem
   from (${TENANT_TABLES}) t
   where not exists (
     select from pg_policy p where p.polrelid = t.oid and p.polname = 'tenant_isolation'
       and p.polcmd = '*' and p.polroles = '{0}' and p.polwithcheck is not null)
   order by relname`,

  // another permissive policy would widen what a tenant sees
  `select format('policy %s on %s lets a tenant past tenant_isolation', p.polname, p.polrelid::regclass) as problem
   from pg_policy p
   where p.polname <> 'tenant_isolation' and p.polpermissive
     and p.polroles <> array['chatbot_router'::regrole::oid]
   order by 1`,

  // row-level security does not hold for truncate
  `select format('%s may truncate %s', role, c.relname) as problem
   from pg_class c, (values ${APP_ROLES}) as roles (role)
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     and has_table_privilege(role, c.oid, 'truncate') order by 1`,

  `select format('chatbot_ingress may read or write %s', c.relname) as problem
   from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
     and has_any_column_privilege('chatbot_ingress', c.oid, 'select, insert, update') order by 1`,

  // a foreign key between two tenants' tables has to name the tenant
  `select format('foreign key %s on %s does not name organization_id', k.conname, k.conrelid::regclass) as problem
   from pg_constraint k
   where k.contype = 'f' and k.confrelid <> 'organizations'::regclass
     and k.conrelid in (select oid from (${TENANT_TABLES}) t)
     and not exists (
       select from pg_attribute a
       where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attname = 'organization_id')
   order by 1`,

  `select format('view %s runs with its owner''s rights', c.relname) as problem
   from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
     and not coalesce('security_invoker=true' = any (c.reloptions), false) order by 1`,

  // pg_temp last: by default it is searched first, and anybody may put a table there
  `select format('function %s: %s', p.oid::regprocedure, fault) as problem
   from pg_proc p, lateral (values
     (p.proowner <> 'chatbot_router'::regrole, 'security definer, and not owned by chatbot_router'),
     (not coalesce('search_path=pg_catalog, public, pg_temp' = any (p.proconfig), false),
       'security definer without "set search_path = pg_catalog, public, pg_temp"'),
     (p.proacl is null or exists (select from aclexplode(p.proacl) where grantee = 0),
       'security definer, and everybody may execute it')) as faults (is_found, fault)
   where p.pronamespace = 'public'::regnamespace and p.prosecdef and is_found order by 1`,

  `select format('function %s has a setting, which its bound body does not need and which keeps it out of its query''s plan', p.oid::regprocedure)
     as problem
   from pg_proc p
   where p.pronamespace = 'public'::regnamespace and p.prosqlbody is not null and not p.prosecdef
     and p.proconfig is not null order by 1`,

  `select format('table %s has an updated_at that nothing updates', a.attrelid::regclass) as problem
   from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     and a.attname = 'updated_at' and not a.attisdropped
     and not exists (select from pg_trigger t where t.tgrelid = a.attrelid and t.tgname = '_100_updated_at')
   order by 1`,

  `select format('table %s has no comment', c.relname) as problem
   from (${TENANT_TABLES}) c where obj_description(c.oid, 'pg_class') is null order by 1`,
];

const ROLES_ARE_HARMLESS = `
  select format('role %s %s', role, fault) as problem
  from unnest($1::text[]) as role left join pg_roles r on r.rolname = role, lateral (values
    (r.rolname is null, 'does not exist'),
    (r.rolsuper, 'is a superuser'),
    (r.rolbypassrls, 'bypasses row-level security'),
    (r.rolcreaterole, 'may create roles'),
    (r.rolcreatedb, 'may create databases'),
    (role = 'chatbot_router' and r.rolcanlogin, 'can log in'),
    (role <> 'chatbot_router' and not r.rolcanlogin, 'cannot log in'),
    (exists (select from pg_auth_members m where m.member = r.oid), 'is a member of another role'))
    as faults (is_found, fault)
  where is_found order by 1`;
