import pg from "pg";

/** What asks the database, whoever it logged in as. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** Gives `work` a connection and closes it at the end. */
export async function withConnection<Result>(
  databaseUrl: string,
  work: (database: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(databaseUrl);
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
