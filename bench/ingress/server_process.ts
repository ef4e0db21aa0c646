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
  command: readonly string[],
  env: Record<string, string>,
): Promise<ServerProcess> {
  const port = await freePort();
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...env, PORT: String(port) },
    // what it logs costs it as much as in production, and nobody reads it
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/healthz`, child, command.join(" "));
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

async function answering(url: string, child: ChildProcess, command: string): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  let cause: unknown;
  while (child.exitCode === null && Date.now() < deadline) {
    try {
      const response = await fetch(url);
      if (response.ok) return;
      cause = new Error(`${url} answered ${response.status}`);
    } catch (refused) {
      // a refused connection is what it is waiting out; the last one is told if that was in vain
      cause = refused;
    }
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new CannotMeasureError(`${command} did not start.`, { cause });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
