import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * What happens at a COMMIT. before: its client dies and the transaction is rolled back. after: the client dies when
 * the server has committed. unheard: the connection breaks when the server has committed, and the client lives.
 */
export type CommitFate = "pass" | "before" | "after" | "unheard";

export interface Commit {
  /** The client's end of the connection. */
  clientPort: number;
  /** Counts the connection's commits from 1. */
  number: number;
}

export interface CommitGateOptions {
  host: string;
  port: number;
  fateOf(commit: Commit): CommitFate;
  kill(commit: Commit): void;
}

export interface CommitGate {
  port: number;
  close(): Promise<void>;
}

// a Query message and a Parse message both carry their SQL as a string that ends in a zero
const COMMIT = Buffer.from("commit\0");

/** Stands between jobs and PostgreSQL and sees each COMMIT before the server does. */
export async function startCommitGate(options: CommitGateOptions): Promise<CommitGate> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(options.port, options.host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // a broken connection is what this gate is for; both of its ends end together
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    forward(client, upstream, options);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function forward(client: Socket, upstream: Socket, options: CommitGateOptions): void {
  let commits = 0;
  let doomed: { fate: CommitFate; commit: Commit } | undefined;
  client.on("data", (data) => {
    if (!data.includes(COMMIT)) return upstream.write(data);
    commits += 1;
    const commit = { clientPort: client.remotePort ?? 0, number: commits };
    const fate = options.fateOf(commit);
    if (fate === "before") {
      options.kill(commit);
      return upstream.destroy();
    }
    if (fate !== "pass") doomed = { fate, commit };
    return upstream.write(data);
  });
  upstream.on("data", (data) => {
    if (doomed === undefined) return client.write(data);
    if (doomed.fate === "after") options.kill(doomed.commit);
    return upstream.destroy();
  });
}
