import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { CONNECT_TIMEOUT_MS } from "./connection.ts";

export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL("./migrations", import.meta.url));

/** node-pg-migrate's record of what ran. */
export const MIGRATIONS_TABLE = "pgmigrations";

/**
 * Brings a database up to the newest migration, or takes migrations back, and answers with their names.
 * All run in one transaction under node-pg-migrate's advisory lock, so two deployments may start it at once.
 * `count`: how many; all of them when missing.
 */
export async function migrate(
  databaseUrl: string,
  direction: "up" | "down" = "up",
  count: number = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const migrations = await runner({
    databaseUrl: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    },
    dir: MIGRATIONS_DIRECTORY,
    migrationsTable: MIGRATIONS_TABLE,
    direction,
    count,
    singleTransaction: true,
    advisoryLockMode: "wait",
    logger: { info: ignore, warn: ignore, error: ignore },
  });
  return migrations.map(({ name }) => name);
}

/** What fails is thrown; the rest is the list of names. */
function ignore(): void {
  return;
}
