import { randomUUID } from "node:crypto";
import type { TestDatabase } from "./database.ts";

export type Database = Pick<TestDatabase, "query">;

const LISTS_IN_JSON = new Set(["sources"]);

let last = 0;

export async function find<Row>(db: Database, table: string, id: string): Promise<Row> {
  const [row] = await db.query<Row>(`select * from ${table} where id = $1`, [id]);
  if (!row) throw new Error(`there is no row ${id} in ${table}`);
  return row;
}

export async function insert<Row>(
  db: Database,
  table: string,
  values: Readonly<Record<string, unknown>>,
): Promise<Row> {
  const columns = Object.keys(values);
  const rows = await db.query<Row>(
    `insert into ${table} (${columns.join(", ")})
     values (${columns.map((_, at) => `$${at + 1}`).join(", ")})
     returning *`,
    Object.entries(values).map(asParameter),
  );
  const [row] = rows;
  if (!row) throw new Error(`inserting into ${table} returned no row`);
  return row;
}

/** pg would write a list as a PostgreSQL array, which jsonb does not take. */
function asParameter([column, value]: [string, unknown]): unknown {
  return LISTS_IN_JSON.has(column) ? JSON.stringify(value) : value;
}

/** Never the same twice in a test file. */
export function uniqueNumber(): number {
  last += 1;
  return last;
}

/** Never the same twice in a test file, and different in every run. */
export function unique(): string {
  return `${uniqueNumber()}${randomUUID().slice(0, 6)}`;
}
