import pg from "pg";
import type { Postgresql } from "../../f/platform/postgres.ts";
import { createServerDatabase, type DatabasePlace } from "../../local/postgres/server_database.ts";
import {
  type LoginRole,
  startMigratedPostgres,
} from "../../local/postgres/start_migrated_postgres.ts";
import { openOnHost } from "./embedded_host.ts";

export interface TestDatabase {
  /** The superuser's connection string of this file's own database. */
  url: string;
  /** What a step gets. */
  resource(role: LoginRole): Postgresql;
  connectionString(role: LoginRole): string;
  /** As superuser, who sees every tenant. `int8` arrives as a number. */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

const open = new Set<TestDatabase>();

/**
 * A migrated, empty database for one test file: on the server of TEST_DATABASE_URL when that is set,
 * else embedded. Close it in afterAll; one left open fails the file.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.TEST_DATABASE_URL;
  const place: DatabasePlace = serverUrl
    ? await createServerDatabase(serverUrl)
    : ((await openOnHost()) ?? (await startMigratedPostgres()));
  const pool = new pg.Pool({ connectionString: place.url, max: 1, types: { getTypeParser } });
  const database: TestDatabase = {
    url: place.url,
    resource: place.resource,
    connectionString: place.connectionString,
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await pool.query<Row & object>(sql, [...params])).rows,
    close: async () => {
      if (!open.delete(database)) return;
      await pool.end();
      await place.close();
    },
  };
  open.add(database);
  return database;
}

/** Closes what a test file left open and answers how many databases that were. */
export async function closeLeftOpen(): Promise<number> {
  const left = [...open];
  for (const database of left) await database.close();
  return left.length;
}

/** bigint ids and counts are small here: as numbers they compare to literals. */
function getTypeParser(oid: number, format?: "text" | "binary") {
  if (oid === pg.types.builtins.INT8) return Number;
  if (oid === pg.types.builtins.DATE) return String;
  return pg.types.getTypeParser(oid, format);
}
