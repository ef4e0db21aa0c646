import { readdir, readFile } from "node:fs/promises";
import { catalogueProblems } from "./catalogue.ts";
import type { Queryable } from "./connection.ts";
import { MIGRATIONS_DIRECTORY, MIGRATIONS_TABLE } from "./migrate.ts";
import { schemaSql } from "./schema_sql.ts";

/** The committed dump of what the migrations make. */
export const SCHEMA_FILE = new URL("./schema.sql", import.meta.url);

/** What is not as it should be in a database, in sentences; none when all is well. */
export async function verify(database: Queryable): Promise<string[]> {
  const missing = await missingMigrations(database);
  if (missing.length > 0) return missing;
  return [
    ...(await missingExtension(database)),
    ...(await catalogueProblems(database)),
    ...(await schemaDifference(database)),
  ];
}

/** Migrations that have not run, or that this checkout does not know, a sentence each; none must be left before the rest is looked at. */
export async function missingMigrations(database: Queryable): Promise<string[]> {
  const [{ table } = { table: null }] = await database.query<{ table: string | null }>(
    "select to_regclass($1)::text as table",
    [`public.${MIGRATIONS_TABLE}`],
  );
  if (table === null) return ["no migration has run: db/manage_db.sh create"];
  const rows = await database.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE}`);
  const ran = new Set(rows.map(({ name }) => name));
  const files = (await readdir(MIGRATIONS_DIRECTORY)).map((file) => file.replace(/\.sql$/, ""));
  const known = new Set(files);
  return [
    ...files.filter((name) => !ran.has(name)).map((name) => `migration ${name} has not run`),
    ...[...ran]
      .filter((name) => !known.has(name))
      .map((name) => `migration ${name} has run and is not in db/migrations`),
  ].sort();
}

async function missingExtension(database: Queryable): Promise<string[]> {
  const rows = await database.query("select from pg_extension where extname = 'vector'");
  return rows.length > 0 ? [] : ["the extension vector is not installed"];
}

/**
 * What of the schema is not as db/schema.sql has it, or nothing. Whatever their order: pg_restore makes the same objects,
 * but in the order of their names.
 */
export async function schemaDifference(database: Queryable): Promise<string[]> {
  const expected = await readFile(SCHEMA_FILE, "utf8");
  const found = await schemaSql(database);
  const extra = firstDifference(found, expected);
  if (extra !== undefined) return [`the schema differs from db/schema.sql: it has "${extra}"`];
  const missing = firstDifference(expected, found);
  if (missing !== undefined)
    return [`the schema differs from db/schema.sql: it lacks "${missing}"`];
  return [];
}

/** The first line that only `schema` has, in the first object that differs. */
function firstDifference(schema: string, other: string): string | undefined {
  const others = new Set(objectsOf(other));
  const lines = objectsOf(schema)
    .find((object) => !others.has(object))
    ?.split("\n");
  const othersLines = new Set(other.split("\n"));
  return lines?.find((line) => !othersLines.has(line)) ?? lines?.[0];
}

/** Each paragraph, its lines sorted: a table's indexes are in the order in which they were made. */
function objectsOf(schema: string): string[] {
  return schema
    .trimEnd()
    .split("\n\n")
    .map((paragraph) => paragraph.split("\n").sort().join("\n"));
}
