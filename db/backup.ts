import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, readFile, rename, rm, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { type Queryable, withConnection } from "./connection.ts";
import { findTool } from "./postgres_tools.ts";
import { type TableContents, tableContents } from "./table_contents.ts";

/** What a backup holds, written beside it at the moment it was made, so that it can be checked without the source. */
export interface BackupContents {
  readonly created_at: string;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
  readonly tables: ReadonlyMap<string, TableContents>;
}

/** The role is bound by row-level security: pg_dump would refuse, or with --enable-row-security save no row at all. */
export class BlindBackupRoleError extends Error {
  override readonly name = "BlindBackupRoleError";

  constructor(role: string) {
    super(
      `The role ${role} does not see every tenant's rows, as the owner of the tables does not either. ` +
        "Set BACKUP_DATABASE_URL to the superuser, or to a role with bypassrls and pg_read_all_data.",
    );
  }
}

export class BackupExistsError extends Error {
  override readonly name = "BackupExistsError";

  constructor(file: string) {
    super(`${file} is there already. A backup is never overwritten: name another file.`);
  }
}

export class BackupDamagedError extends Error {
  override readonly name = "BackupDamagedError";

  constructor(file: string) {
    super(`${file} is not what was written: its SHA-256 differs from the one in ${listOf(file)}.`);
  }
}

const listOf = (file: string) => `${file}.json`;

/** In pg_dump's custom format, and a list of its contents beside it. `prefix`: findTool's. */
export async function backUp(url: string, file: string, prefix: string): Promise<BackupContents> {
  for (const path of [file, listOf(file)])
    if (await isThere(path)) throw new BackupExistsError(path);
  const pgDump = await findTool("pg_dump", url, prefix);
  const partial = `${file}.partial`;
  try {
    const contents = await withConnection(url, async (database) => {
      await refuseBlindRole(database);
      const { snapshot, createdAt } = await openSnapshot(database);
      await pgDump.run(["--format=custom", `--snapshot=${snapshot}`], { writeTo: partial });
      const tables = await tableContents(database);
      return { created_at: createdAt, sha256: await sha256Of(partial), tables };
    });
    const list = { ...contents, tables: Object.fromEntries(contents.tables) };
    await writeFile(listOf(file), `${JSON.stringify(list, null, 2)}\n`, { flag: "wx" });
    await rename(partial, file);
    return contents;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

const list = z.object({
  created_at: z.string(),
  sha256: z.string(),
  tables: z.record(z.string(), z.object({ rows: z.number(), digest: z.string() })),
});

/** What the backup should hold. Throws BackupDamagedError when the file is not the one that was written. */
export async function readBackup(file: string): Promise<BackupContents> {
  const { tables, ...contents } = list.parse(JSON.parse(await readFile(listOf(file), "utf8")));
  if ((await sha256Of(file)) !== contents.sha256) throw new BackupDamagedError(file);
  return { ...contents, tables: new Map(Object.entries(tables)) };
}

async function refuseBlindRole(database: Queryable): Promise<void> {
  const [role] = await database.query<{ name: string; sees_all: boolean }>(
    "select rolname as name, rolsuper or rolbypassrls as sees_all from pg_roles where rolname = current_user",
  );
  if (!role?.sees_all) throw new BlindBackupRoleError(role?.name ?? "");
}

/** pg_dump and the counts see the same moment, however long they take and whatever is written meanwhile. */
async function openSnapshot(database: Queryable) {
  await database.query("begin isolation level repeatable read read only");
  // the transaction idles while pg_dump works, and a count may take longer than a role's timeout
  await database.query(
    "select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)",
  );
  const [row] = await database.query<{ snapshot: string; created_at: Date }>(
    "select pg_export_snapshot() as snapshot, now() as created_at",
  );
  if (!row) throw new Error("PostgreSQL exported no snapshot.");
  return { snapshot: row.snapshot, createdAt: row.created_at.toISOString() };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
