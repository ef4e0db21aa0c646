import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface EmbeddedPostgresOptions {
  /** A directory that keeps the data; without one they live in memory. */
  dataDir?: string;
  /** A tar file by createSnapshot() to begin with; ignored when `dataDir` has a database already. */
  snapshot?: string;
  /** A free one by default. */
  port?: number;
}

export interface EmbeddedPostgres {
  /** Of the superuser. Put another role's name into it and the session is that role's: no password is asked. */
  url: string;
  port: number;
  /** Disconnects everybody, stops the database and resolves when its process has ended. */
  close(): Promise<void>;
}

/** What the process reports once: that it listens, or why it cannot. */
export type StartReport = { port: number } | { failure: string };

export class EmbeddedPostgresError extends Error {
  override name = "EmbeddedPostgresError";
}

/** A clean stop of data on disk takes a checkpoint, 0.1 s; a process that needs longer than this hangs. */
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts PostgreSQL (PGlite with pgvector) on 127.0.0.1.
 *
 * In a process of its own: PGlite runs a statement on the thread that asked for it, and its start alone holds
 * that thread for 0.5 s (3 s without a snapshot), which would stop every server and timer here. A worker thread
 * would do, but cannot load TypeScript through tsx on Node 20 (ERR_UNKNOWN_FILE_EXTENSION). The process costs
 * 0.6 s at the start, on the machine's other core.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const tsx = createRequire(import.meta.url).resolve("tsx");
  const child = fork(
    fileURLToPath(new URL("./embedded_postgres_process.ts", import.meta.url)),
    [JSON.stringify(options)],
    { execArgv: ["--import", pathToFileURL(tsx).href] },
  );
  const report = await startReport(child);
  if ("failure" in report) {
    throw new EmbeddedPostgresError(`the embedded PostgreSQL did not start: ${report.failure}`);
  }
  return {
    url: `postgresql://postgres@127.0.0.1:${report.port}/postgres`,
    port: report.port,
    close: () => stop(child, options.dataDir !== undefined),
  };
}

function startReport(child: ChildProcess): Promise<StartReport> {
  return new Promise((resolve) => {
    child.once("message", (report) => resolve(report as StartReport));
    child.once("error", (error) => resolve({ failure: error.message }));
    child.once("exit", (code, signal) =>
      resolve({ failure: `its process ended with ${signal ?? `code ${code}`}` }),
    );
  });
}

async function stop(child: ChildProcess, keepsData: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  // with nothing to keep there is nothing to wait for
  if (!keepsData) child.kill("SIGKILL");
  else if (child.connected) child.disconnect();
  const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(deadline);
}
