import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server, and makes the network misbehave when a test says so. */
export interface TcpGate {
  port: number;
  /** Breaks every connection and refuses new ones, until `open`. */
  cut(): Promise<void>;
  open(): Promise<void>;
  /** Lets nothing through, in either direction, until `release`. */
  hold(): void;
  release(): void;
  /** How many pieces of data are being held up. */
  heldUp(): number;
  close(): Promise<void>;
}

export async function startTcpGate(host: string, port: number): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let heldUp: (() => void)[] = [];
  let holding = false;

  const forward = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (data) => {
      if (holding) heldUp.push(() => to.write(data));
      else to.write(data);
    });
    // a broken connection is what this gate is for; both of its ends end together
    from.on("error", () => from.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(port, host);
    forward(client, upstream);
    forward(upstream, client);
  });
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(at, "127.0.0.1", resolve);
    });
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  await listen(0);
  const gatePort = (server.address() as AddressInfo).port;
  return {
    port: gatePort,
    cut,
    open: () => listen(gatePort),
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const write of heldUp) write();
      heldUp = [];
    },
    heldUp: () => heldUp.length,
    close: () => (server.listening ? cut() : Promise.resolve()),
  };
}
