import { z } from "zod";
import type { Check } from "../check.ts";
import { ok, type Verdict, warning } from "../finding.ts";
import { database } from "./database.ts";
import { windmill } from "./windmill.ts";

/** Of two webhook servers (webhook-server/inbox.ts: 10 each), and some for the operator's own tools. */
const CONNECTIONS_BESIDE_WORKERS = 25;
const UTC = ["UTC", "Etc/UTC", "GMT"];

const settingsRow = z.object({
  connections: z.number(),
  timezone: z.string(),
  synchronous_commit: z.string(),
});

/** Settings of PostgreSQL that hurt only later. */
export const serverSettings: Check = {
  name: "server settings",
  needs: [database, windmill],
  async run({ withDatabase, windmill: api }) {
    const workers = await api.workers();
    const [row] = await withDatabase((db) =>
      db.query(
        `select current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int as connections,
           current_setting('TimeZone') as timezone,
           current_setting('synchronous_commit') as synchronous_commit`,
      ),
    );
    const problems = judge(settingsRow.parse(row), workers.length);
    if (problems.length > 0) return problems;
    return [ok(`connections for ${workers.length} workers, durable commits, times in UTC`)];
  },
};

/** Each worker runs one step at a time, which holds one connection. */
function judge(row: z.infer<typeof settingsRow>, workers: number): Verdict[] {
  const wanted = workers + CONNECTIONS_BESIDE_WORKERS;
  const problems: Verdict[] = [];
  if (row.connections < wanted) {
    problems.push(
      warning(
        `PostgreSQL takes ${row.connections} connections, and ${workers} workers with two webhook servers want ${wanted}`,
        "Raise max_connections and restart PostgreSQL, or put PgBouncer before it (docs/operating.md).",
      ),
    );
  }
  if (row.synchronous_commit === "off") {
    problems.push(
      warning(
        "synchronous_commit is off: a power cut loses messages that Meta was told are safe",
        "alter system set synchronous_commit = on; select pg_reload_conf();",
      ),
    );
  }
  if (!UTC.includes(row.timezone)) {
    problems.push(
      warning(
        `the server's time zone is ${row.timezone}, in which operators' queries will show times`,
        "alter system set timezone = 'UTC'; select pg_reload_conf();",
      ),
    );
  }
  return problems;
}
