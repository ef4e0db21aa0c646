import { migrate } from "../../db/migrate.ts";
import type { Postgresql } from "../../f/platform/postgres.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded_postgres.ts";
import { migratedSnapshot } from "./migrated_snapshot.ts";

/** The roles that the platform's own processes log in as. */
export type LoginRole = "chatbot_app" | "chatbot_ingress";

export interface MigratedPostgres extends EmbeddedPostgres {
  /** What a Windmill step gets as its database. */
  resource(role: LoginRole): Postgresql;
  connectionString(role: LoginRole): string;
}

/** Starts the embedded PostgreSQL with every migration applied, to `dataDir` as well if that is older. */
export async function startMigratedPostgres(
  options: { dataDir?: string; port?: number } = {},
): Promise<MigratedPostgres> {
  const postgres = await startEmbeddedPostgres({ ...options, snapshot: await migratedSnapshot() });
  // from a snapshot there is nothing to do; data on disk may be from an older checkout
  if (options.dataDir !== undefined) await migrateOrClose(postgres);
  return withLogins(postgres);
}

/** An embedded PostgreSQL that is migrated, with what its roles log in with. */
export function withLogins(postgres: EmbeddedPostgres): MigratedPostgres {
  const { port } = postgres;
  return {
    ...postgres,
    connectionString: (role) => `postgresql://${role}@127.0.0.1:${port}/postgres`,
    resource: (role) => ({
      host: "127.0.0.1",
      port,
      user: role,
      password: "",
      dbname: "postgres",
      sslmode: "disable",
    }),
  };
}

async function migrateOrClose(postgres: EmbeddedPostgres): Promise<void> {
  try {
    await migrate(postgres.url);
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
