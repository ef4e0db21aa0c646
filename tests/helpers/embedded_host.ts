import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { type MigratedPostgres, withLogins } from "../../local/postgres/start_migrated_postgres.ts";

/** Where embedded_hosts.ts says at which ports its processes wait, one for each worker. */
export const HOSTS_VARIABLE = "EMBEDDED_POSTGRES_HOSTS";

export class EmbeddedHostError extends Error {
  override readonly name = "EmbeddedHostError";

  constructor(port: number) {
    super(`The process of embedded databases at port ${port} ended; its error stands above.`);
  }
}

/**
 * A migrated, empty embedded database in a process that has one for each test file after the other, or undefined
 * where there is no such process: outside of vitest. Ends when it is closed, or when this process does.
 */
export async function openOnHost(): Promise<MigratedPostgres | undefined> {
  const hosts = (process.env[HOSTS_VARIABLE] ?? "").split(",").filter(Boolean).map(Number);
  // each worker has its own, so that none waits for another's statements
  const port = hosts[Number(process.env.VITEST_POOL_ID ?? 0) % hosts.length];
  if (port === undefined) return undefined;
  const socket = connect(port, "127.0.0.1");
  const closed = once(socket, "close");
  // a host that dies closes the socket, and that is what is reported
  socket.on("error", () => socket.destroy());
  const opened = once(createInterface({ input: socket }), "line").then(([line]) => Number(line));
  const databasePort = await Promise.race([opened, closed.then(() => undefined)]);
  if (databasePort === undefined) throw new EmbeddedHostError(port);
  return withLogins({
    url: `postgresql://postgres@127.0.0.1:${databasePort}/postgres`,
    port: databasePort,
    close: async () => {
      socket.end();
      await closed;
    },
  });
}
