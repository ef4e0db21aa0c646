import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TestProject } from "vitest/node";
import { migratedSnapshot } from "../../local/postgres/migrated_snapshot.ts";
import { HOSTS_VARIABLE } from "./embedded_host.ts";

/** Starts a process of embedded databases for each worker, and ends them with the run. */
export default async function startHosts(project: TestProject): Promise<() => Promise<void>> {
  // made once and not by each
  await migratedSnapshot();
  const tsx = createRequire(import.meta.url).resolve("tsx");
  const hosts = Array.from({ length: Number(project.vitest.config.maxWorkers) }, () =>
    fork(fileURLToPath(new URL("./embedded_host_process.ts", import.meta.url)), [], {
      execArgv: ["--expose-gc", "--import", pathToFileURL(tsx).href],
    }),
  );
  const ports = await Promise.all(hosts.map(portOf));
  process.env[HOSTS_VARIABLE] = ports.join();
  return async () => {
    delete process.env[HOSTS_VARIABLE];
    await Promise.all(hosts.map(end));
  };
}

function portOf(host: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    host.once("message", (said) => resolve((said as { port: number }).port));
    // after its port this changes nothing: its connections say that it ended
    host.once("exit", (code) =>
      reject(new Error(`A process of embedded databases ended with ${code} while it started.`)),
    );
  });
}

async function end(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  const exited = once(host, "exit");
  host.disconnect();
  await exited;
}
