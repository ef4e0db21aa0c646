import pg from "pg";

/** What asks the local database, as its superuser: it sees every tenant. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

export interface AdminDatabase extends Queryable {
  close(): Promise<void>;
}

export function openAdminDatabase(url: string): AdminDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  return {
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await pool.query<Row & object>(sql, [...params])).rows,
    close: () => pool.end(),
  };
}
