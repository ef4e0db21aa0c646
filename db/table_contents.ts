import pg from "pg";
import type { Queryable } from "./connection.ts";

export interface TableContents {
  readonly rows: number;
  /** The sum of a hash of each row: the same whatever their order, another when any value differs. */
  readonly digest: string;
}

/** What every table of the schema holds, by its name, as far as the connection's role sees it. */
export async function tableContents(database: Queryable): Promise<Map<string, TableContents>> {
  // a row's text, and so its digest, depends on both
  await database.query(
    "select set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false)",
  );
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by relname`,
  );
  const contents = new Map<string, TableContents>();
  for (const { name } of tables) {
    const [found] = await database.query<{ rows: string; digest: string }>(
      `select count(*) as rows, coalesce(sum(hashtextextended(t::text collate "C", 0)), 0)::text as digest
       from ${pg.escapeIdentifier(name)} t`,
    );
    contents.set(name, { rows: Number(found?.rows), digest: found?.digest ?? "" });
  }
  return contents;
}

/** In sentences, what the tables hold that they should not, or do not hold and should. */
export function contentProblems(
  expected: ReadonlyMap<string, TableContents>,
  found: ReadonlyMap<string, TableContents>,
): string[] {
  const problems: string[] = [];
  for (const [name, { rows, digest }] of expected) {
    const other = found.get(name);
    if (!other) problems.push(`table ${name} is missing`);
    else if (other.rows !== rows)
      problems.push(`table ${name} has ${other.rows} rows instead of ${rows}`);
    else if (other.digest !== digest)
      problems.push(`table ${name} has other values in its ${rows} rows`);
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) problems.push(`table ${name} was not in the backup's list`);
  }
  return problems;
}
