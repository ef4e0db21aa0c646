/** The process behind startEmbeddedPostgres(): PGlite and the bridge to it. Ends when its parent does. */

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { Bridge } from "./bridge.ts";
import type { EmbeddedPostgresOptions, StartReport } from "./embedded_postgres.ts";
import { openDatabase } from "./snapshot.ts";

async function start(options: EmbeddedPostgresOptions): Promise<void> {
  const sockets = new Set<Socket>();
  // the port first: of two processes for the same data, the second fails here and has not touched them
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void bridge.then((opened) => {
      opened.connect(socket);
      socket.resume();
    });
  });
  const port = await listen(server, options.port ?? 0);
  const database = open(options);
  const bridge = database.then((pglite) => Bridge.over(pglite, crash));
  process.once("disconnect", async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await (await database).close();
    process.exit(0);
  });
  await bridge;
  report({ port });
}

async function open({ dataDir, snapshot }: EmbeddedPostgresOptions): Promise<PGlite> {
  if (dataDir === undefined) return openDatabase({ snapshot });
  await mkdir(dirname(dataDir), { recursive: true });
  const isNew = !existsSync(join(dataDir, "PG_VERSION"));
  return openDatabase({ dataDir, snapshot: isNew ? snapshot : undefined });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

function report(message: StartReport): void {
  process.send?.(message);
}

function crash(error: unknown): void {
  console.error("the embedded PostgreSQL broke:", error);
  process.exit(1);
}

// Ctrl-C reaches the whole group; the parent decides when its database stops, and "disconnect" tells
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

try {
  await start(JSON.parse(process.argv[2] ?? "{}") as EmbeddedPostgresOptions);
} catch (error) {
  report({ failure: error instanceof Error ? error.message : String(error) });
  process.disconnect();
}
