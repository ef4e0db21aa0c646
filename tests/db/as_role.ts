import pg from "pg";
import type { LoginRole } from "../../local/postgres/start_migrated_postgres.ts";
import type { TestDatabase } from "../helpers/database.ts";

export interface RoleConnection {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** How many rows a statement touched. */
  count(sql: string, params?: readonly unknown[]): Promise<number>;
}

/** Runs `work` as a role of the platform, in a transaction that is rolled back; for a tenant when one is given. */
export async function asRole<Result>(
  database: TestDatabase,
  role: LoginRole,
  organizationId: string | null,
  work: (connection: RoleConnection) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(database.connectionString(role));
  await client.connect();
  try {
    await client.query("begin");
    if (organizationId !== null) {
      await client.query("select set_config('app.organization_id', $1, true)", [organizationId]);
    }
    return await work({
      query: async <Row>(sql: string, params: readonly unknown[] = []) =>
        (await client.query<Row & object>(sql, [...params])).rows,
      count: async (sql, params = []) => (await client.query(sql, [...params])).rowCount ?? 0,
    });
  } finally {
    await client.query("rollback");
    await client.end();
  }
}
