import { randomBytes } from "node:crypto";
import pg from "pg";
import type { KeySet } from "../f/platform/secrets.ts";
import { readBackup } from "./backup.ts";
import { catalogueProblems } from "./catalogue.ts";
import { type Queryable, withConnection } from "./connection.ts";
import { createDatabase, databaseName, dropDatabase } from "./database_lifecycle.ts";
import { openCredentials } from "./open_credentials.ts";
import { findTool } from "./postgres_tools.ts";
import { contentProblems, tableContents } from "./table_contents.ts";

export class DatabaseNotEmptyError extends Error {
  override readonly name = "DatabaseNotEmptyError";

  constructor(name: string) {
    super(
      `The database "${name}" holds tables already, and a backup is restored into an empty one only. ` +
        "Name another database in the URL, or rename this one first (alter database … rename to …)",
    );
  }
}

/**
 * Brings a backup back into an empty database, which is made when it is not there; the roles have to be. In one
 * transaction: what fails leaves nothing. `url` is a superuser's.
 */
export async function restore(url: string, file: string, prefix: string): Promise<void> {
  await readBackup(file);
  await createDatabase(url);
  await withConnection(url, refuseFull);
  const pgRestore = await findTool("pg_restore", url, prefix);
  await pgRestore.run(["--exit-on-error", "--single-transaction"], { readFrom: file });
  await withConnection(url, async (database) => {
    await giveToOwner(database, databaseName(url));
    // a dump has no statistics, and without them each search scans its table
    await database.query("analyze");
  });
}

export interface BackupCheck {
  readonly backup: string;
  readonly created_at: string;
  readonly tables: number;
  readonly rows: number;
  /** null: no keys were given to try. */
  readonly credentials_opened: number | null;
  /** In sentences; none when the backup can be relied on. */
  readonly problems: readonly string[];
}

/** Restores a backup beside the database of `url`, compares what came back with the backup's list, and drops it. */
export async function verifyBackup(
  url: string,
  file: string,
  prefix: string,
  keys: KeySet | null,
): Promise<BackupCheck> {
  const { created_at, tables } = await readBackup(file);
  const scratch = new URL(url);
  scratch.pathname = `/${databaseName(url)}_verify_${randomBytes(4).toString("hex")}`;
  try {
    await restore(scratch.href, file, prefix);
    return await withConnection(scratch.href, async (database) => {
      const found = await tableContents(database);
      const credentials = keys ? await openCredentials(database, keys) : null;
      return {
        backup: file,
        created_at,
        tables: found.size,
        rows: [...found.values()].reduce((sum, { rows }) => sum + rows, 0),
        credentials_opened: credentials?.opened ?? null,
        problems: [
          ...contentProblems(tables, found),
          ...(await catalogueProblems(database)),
          ...(credentials?.problems ?? []),
        ],
      };
    });
  } finally {
    await dropDatabase(scratch.href);
  }
}

async function refuseFull(database: Queryable): Promise<void> {
  const [found] = await database.query<{ name: string }>(
    `select current_database() as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') limit 1`,
  );
  if (found) throw new DatabaseNotEmptyError(found.name);
}

/** As db/init/roles.sql leaves it. A dump has what is in a database, and not who may connect to it. */
async function giveToOwner(database: Queryable, name: string): Promise<void> {
  const [owner] = await database.query<{ owner: string }>(
    "select tableowner as owner from pg_tables where schemaname = 'public' and tablename = 'organizations'",
  );
  const quoted = pg.escapeIdentifier(name);
  if (owner) {
    await database.query(`alter database ${quoted} owner to ${pg.escapeIdentifier(owner.owner)}`);
  }
  await database.query(`revoke all on database ${quoted} from public`);
  await database.query(`grant connect on database ${quoted} to chatbot_app, chatbot_ingress`);
}
