import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CountingGate {
  port: number;
  /** How often the server has answered and waited for the next query. */
  roundTrips(): number;
  close(): Promise<void>;
}

/** ReadyForQuery ends every answer; the last byte, the state of the transaction, varies. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** Stands between jobs and PostgreSQL and counts round trips. */
export async function startCountingGate(host: string, port: number): Promise<CountingGate> {
  const sockets = new Set<Socket>();
  let ready = 0;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    // the end of what came before, where a marker may have begun
    let tail = Buffer.alloc(0);
    upstream.on("data", (data) => {
      const seen = Buffer.concat([tail, data]);
      for (let at = seen.indexOf(READY); at !== -1; at = seen.indexOf(READY, at + 1)) ready += 1;
      tail = seen.subarray(1 - READY.length);
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // a job that ends cuts its connection
      socket.on("error", () => socket.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    roundTrips: () => ready,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
