import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CannotMeasureError } from "../measurement.ts";

export interface ServerProcess {
  url: string;
  stop(): Promise<void>;
}

const START_MILLISECONDS = 20_000;

/**
 * Runs a server that takes its port from PORT and answers GET /healthz, in a process of its own: in the measuring
 * one it would share its thread with the load.
 */
export async function startServerProcess(
  file: string,
  env: Record<string, string>,
): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    env: { ...process.env, ...env, PORT: String(port) },
    // what it logs costs it as much as in production, and nobody reads it
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/healthz`, child, file);
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function answering(url: string, child: ChildProcess, file: string): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (child.exitCode === null && Date.now() < deadline) {
    // refused connections are what it is waiting out
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new CannotMeasureError(`${file} did not start.`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
