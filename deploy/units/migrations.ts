import { readdirSync } from "node:fs";
import pg from "pg";
import { withConnection } from "../../db/connection.ts";
import { createDatabase, databaseName } from "../../db/database_lifecycle.ts";
import { MIGRATIONS_DIRECTORY, MIGRATIONS_TABLE, migrate } from "../../db/migrate.ts";
import { type Item, missing, same, type Unit } from "../unit.ts";

const NO_SUCH_DATABASE = "3D000";

/** The database is there and has every migration of the checkout. First, because old scripts do not mind a newer one. */
export function migrations(databaseUrl: string): Unit {
  return {
    name: "migrations",
    async compare() {
      const name = `database ${databaseName(databaseUrl)}`;
      const all = migrationsOfTheCheckout();
      const ran = await migrationsThatRan(databaseUrl);
      if (ran === undefined) return [missing(name, create), migrationsItem(all)];
      return [same(name), migrationsItem(all.filter((migration) => !ran.has(migration)))];
    },
  };

  async function create(): Promise<void> {
    await createDatabase(databaseUrl);
  }

  function migrationsItem(lacking: string[]): Item {
    if (lacking.length === 0) return same("migrations");
    const [first] = lacking;
    const last = lacking.at(-1);
    const names = first === last ? first : `${first} to ${last}`;
    return missing("migrations", () => migrate(databaseUrl), `${lacking.length}, ${names}`);
  }
}

function migrationsOfTheCheckout(): string[] {
  return readdirSync(MIGRATIONS_DIRECTORY)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.replace(/\.sql$/, ""))
    .sort();
}

/** undefined when there is no such database. */
async function migrationsThatRan(databaseUrl: string): Promise<Set<string> | undefined> {
  try {
    return await withConnection(databaseUrl, async (database) => {
      const [found] = await database.query<{ exists: boolean }>(
        "select to_regclass($1) is not null as exists",
        [MIGRATIONS_TABLE],
      );
      if (!found?.exists) return new Set<string>();
      const rows = await database.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE}`);
      return new Set(rows.map(({ name }) => name));
    });
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === NO_SUCH_DATABASE) return undefined;
    throw error;
  }
}
