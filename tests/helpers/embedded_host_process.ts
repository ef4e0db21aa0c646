/**
 * Opens an embedded database for each connection, says its port in a line, and drops it when the other side hangs
 * up. In a process of its own for each file PostgreSQL would be compiled anew, and would run unoptimized.
 */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Bridge } from "../../local/postgres/bridge.ts";
import { migratedSnapshot } from "../../local/postgres/migrated_snapshot.ts";
import { compilePostgres, openDatabase } from "../../local/postgres/snapshot.ts";

const compiled = await compilePostgres();
const snapshot = await migratedSnapshot();

async function host(control: Socket): Promise<void> {
  const sockets = new Set<Socket>();
  const pglite = await openDatabase({ snapshot, compiled });
  const bridge = await Bridge.over(pglite, (error) => {
    console.error("the embedded PostgreSQL broke:", error);
    process.exit(1);
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    bridge.connect(socket);
  });
  control.once("close", async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await bridge.allGone();
    await pglite.close();
    // V8 does not see the 250 MB outside of its heap, and would not hurry
    setImmediate(() => globalThis.gc?.());
  });
  // a worker that is killed resets its connection; "close" follows
  control.on("error", () => control.destroy());
  control.write(`${await listen(server)}\n`);
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when its databases end
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

process.send?.({ port: await listen(createServer((control) => void host(control))) });
