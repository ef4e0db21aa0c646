import pg from "pg";

/** Clients of one embedded database, closed together. */
export interface Clients {
  connect(role?: string, config?: pg.ClientConfig): Promise<pg.Client>;
  /** Ends a client as a kill does: its socket goes away without a goodbye. */
  kill(client: pg.Client): void;
  closeAll(): Promise<void>;
}

export function clientsOf(url: string): Clients {
  const open = new Set<pg.Client>();
  return {
    connect: async (role = "postgres", config = {}) => {
      const login = new URL(url);
      login.username = role;
      const client = new pg.Client({ ...config, connectionString: login.href });
      await client.connect();
      open.add(client);
      return client;
    },
    kill: (client) => {
      open.delete(client);
      client.once("error", () => undefined);
      socketOf(client).destroy();
    },
    closeAll: async () => {
      for (const client of open) await client.end();
      open.clear();
    },
  };
}

/** pg does not type the connection that it keeps. */
function socketOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
