import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
} from "../../../local/postgres/embedded_postgres.ts";
import { startMigratedPostgres } from "../../../local/postgres/start_migrated_postgres.ts";
import { clientsOf } from "./clients.ts";

describe("data on disk", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "embedded-postgres-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it("are there again after a restart", async () => {
    const options = { dataDir: join(dataDir, "postgres") };
    const before = await startMigratedPostgres(options);
    await ask(before.url, "insert into organizations (name, slug) values ('Aurora', 'aurora')");
    await before.close();
    const after = await startMigratedPostgres(options);
    expect(await ask(after.url, "select name from organizations")).toEqual([{ name: "Aurora" }]);
    await after.close();
  });

  it("are left alone by a second process for the same port", async () => {
    const first = await startEmbeddedPostgres({ dataDir: join(dataDir, "postgres") });
    const second = startEmbeddedPostgres({
      dataDir: join(dataDir, "postgres"),
      port: first.port,
    });
    await expect(second).rejects.toThrow(EmbeddedPostgresError);
    await expect(second).rejects.toThrow(/EADDRINUSE/);
    expect(await ask(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await first.close();
  });
});

describe("closing", () => {
  it("may happen twice", async () => {
    const postgres = await startMigratedPostgres();
    await postgres.close();
    await expect(postgres.close()).resolves.toBeUndefined();
  });
});

async function ask(url: string, sql: string): Promise<unknown[]> {
  const clients = clientsOf(url);
  const client = await clients.connect();
  const { rows } = await client.query(sql);
  await clients.closeAll();
  return rows;
}
