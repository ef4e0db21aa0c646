import type { Queryable } from "../../../db/connection.ts";
import { missingMigrations } from "../../../db/verify.ts";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict } from "../finding.ts";
import { reasonOf } from "../reason.ts";

/** pgvector 0.8.0 brought the iterative scan, without which a large chatbot finds too few passages. */
const OLDEST_PGVECTOR = "0.8.0";
/** What the tests run on. */
const OLDEST_SERVER = 15;

/** The database is reachable, new enough, and every migration has run. */
export const database: Check = {
  name: "database",
  async run({ withDatabase }) {
    const reached = await withDatabase(judge).catch(reasonOf);
    if (typeof reached !== "string") return reached;
    return [
      failed(
        `DATABASE_URL cannot be used: ${reached}`,
        "docker compose up -d postgres; it wants the role that owns the database, and its password.",
      ),
    ];
  },
};

async function judge(db: Queryable): Promise<Verdict[]> {
  const missing = await missingMigrations(db);
  if (missing.length > 0) return [failed(missing.join("; "), "Run db/manage_db.sh create.")];
  const { server, vector } = await versions(db);
  const problems = [
    ...(server < OLDEST_SERVER
      ? [failed(`PostgreSQL is ${server}`, `Move to ${OLDEST_SERVER} or later.`)]
      : []),
    ...(isOlder(vector, OLDEST_PGVECTOR)
      ? [
          failed(
            `pgvector is ${vector ?? "not installed"}`,
            `Install ${OLDEST_PGVECTOR} or later; then, as superuser: alter extension vector update.`,
          ),
        ]
      : []),
  ];
  if (problems.length > 0) return problems;
  return [ok(`reachable, every migration has run; PostgreSQL ${server}, pgvector ${vector}`)];
}

async function versions(db: Queryable): Promise<{ server: number; vector: string | undefined }> {
  const [row] = await db.query<{ server: number; vector: string | null }>(
    `select current_setting('server_version_num')::int / 10000 as server,
       (select extversion from pg_extension where extname = 'vector') as vector`,
  );
  return { server: row?.server ?? 0, vector: row?.vector ?? undefined };
}

function isOlder(version: string | undefined, oldest: string): boolean {
  if (version === undefined) return true;
  return version.localeCompare(oldest, "en", { numeric: true }) < 0;
}
