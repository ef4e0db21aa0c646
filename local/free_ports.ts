import { once } from "node:events";
import { createServer } from "node:net";

export class PortTaken extends Error {
  override readonly name = "PortTaken";
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} is taken. Is another "npm run dev" running? Stop it and start again.`, {
      cause,
    });
    this.port = port;
  }
}

/**
 * Resolves when nothing listens on these ports of this machine, else rejects with PortTaken.
 * Asked before the data folder is touched: two databases on one folder would ruin it.
 */
export async function requireFreePorts(ports: Iterable<number>): Promise<void> {
  for (const port of ports) {
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new PortTaken(port, cause);
    }
    server.close();
    await once(server, "close");
  }
}
