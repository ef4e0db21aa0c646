import type { TestDatabase } from "../../helpers/database.ts";

/**
 * Which columns, of all that can hold words, hold one of these: "table.column", sorted. They are read out of the
 * catalogue, so that a table that is made later is looked through as well.
 */
export async function columnsHolding(
  db: Pick<TestDatabase, "query">,
  words: readonly string[],
): Promise<string[]> {
  const columns = await db.query<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
       and not a.attisdropped and (t.typcategory in ('S', 'A') or t.typname in ('json', 'jsonb', 'tsvector'))
     order by 1, 2`,
  );
  const holding: string[] = [];
  for (const { table, column } of columns) {
    const [found] = await db.query<{ is_there: boolean }>(
      `select exists (
         select from "${table}" r join unnest($1::text[]) as w (word) on position(w.word in r."${column}"::text) > 0
       ) as is_there`,
      [words],
    );
    if (found?.is_there) holding.push(`${table}.${column}`);
  }
  return holding;
}
