import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

export interface ReferenceServer {
  readonly origin: string;
  readonly url: string;
  close(): Promise<void>;
}

/** The package is a command and exports nothing. */
const ENTRY = createRequire(import.meta.url).resolve(
  "@modelcontextprotocol/server-everything/dist/index.js",
);

/** The MCP project's own server. It has a tool that tells its environment: it is given none. */
export async function startReferenceServer(): Promise<ReferenceServer> {
  const port = await freePort();
  const child = spawn(process.execPath, [ENTRY, "streamableHttp"], {
    env: { PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await listening(child);
  const origin = `127.0.0.1:${port}`;
  return {
    origin,
    url: `http://${origin}/mcp`,
    close: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  if (!child.stderr) throw new Error("the reference server has no stderr");
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes("listening on port")) return;
  }
  throw new Error(`the reference server ended with ${child.exitCode}`);
}

/** The server takes no port 0. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
