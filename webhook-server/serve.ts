import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";

export interface Serving {
  /** Without a slash at its end. */
  url: string;
  /** Takes no new connection and waits for the requests that are being answered, but not for ever. */
  close(): Promise<void>;
}

/** Above the idle time of the proxies in front (nginx: 60 s), or they reuse a connection that we just closed. */
const KEEP_ALIVE_MILLISECONDS = 65_000;
const HEADERS_MILLISECONDS = 10_000;
/** Meta sends at most 3 MB, and wants its answer within 1 s. */
const REQUEST_MILLISECONDS = 15_000;
const MAX_CONNECTIONS = 1_000;
/** Longer than any request may take; compose and Kubernetes kill after 30 s. */
const SHUTDOWN_MILLISECONDS = 20_000;

/** Rejects when the address is taken. */
export async function serve(app: Express, host: string, port: number): Promise<Serving> {
  const server = createServer(
    {
      headersTimeout: HEADERS_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
      // Node looks for late requests only every 30 s by default
      connectionsCheckingInterval: 2_000,
    },
    app,
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        const cut = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MILLISECONDS);
        // server.close() ends the connections that are idle now, not those that become idle later
        const sweep = setInterval(() => server.closeIdleConnections(), 100);
        server.close((error) => {
          clearTimeout(cut);
          clearInterval(sweep);
          error ? reject(error) : resolve();
        });
      }),
  };
}
