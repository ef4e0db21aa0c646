import pg from "pg";

/** What asks the database, whoever it logged in as. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** A host that swallows packets says nothing at all; a busy one takes seconds. */
export const CONNECT_TIMEOUT_MS = 30_000;

/** Gives `work` a connection and closes it at the end. */
export async function withConnection<Result>(
  databaseUrl: string,
  work: (database: Queryable) => Promise<Result>,
  connectTimeoutMs: number = CONNECT_TIMEOUT_MS,
): Promise<Result> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  await client.connect();
  try {
    return await work({
      query: async <Row>(sql: string, params: readonly unknown[] = []) =>
        (await client.query<Row & object>(sql, [...params])).rows,
    });
  } finally {
    await client.end();
  }
}
