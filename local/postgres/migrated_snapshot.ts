import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MIGRATIONS_DIRECTORY, migrate } from "../../db/migrate.ts";
import { Bridge } from "./bridge.ts";
import { openDatabase, writeSnapshot } from "./snapshot.ts";

const PACKAGE_ROOT = new URL("../../", import.meta.url);
const CACHE_DIRECTORY = fileURLToPath(new URL("node_modules/.cache/postgres/", PACKAGE_ROOT));

/**
 * The path of a snapshot with every migration applied. Made once for each state of the migrations, in about
 * 5 s; two processes that need it at once both make it, and either result is the right one.
 */
export async function migratedSnapshot(): Promise<string> {
  const file = join(CACHE_DIRECTORY, `migrated-${await migrationsHash()}.tar`);
  if (existsSync(file)) return file;
  await mkdir(CACHE_DIRECTORY, { recursive: true });
  const outdated = await readdir(CACHE_DIRECTORY);
  const pglite = await openDatabase({});
  const bridge = await Bridge.over(pglite, (error) => {
    throw error;
  });
  const server = createServer((socket) => bridge.connect(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await migrate(`postgresql://postgres@127.0.0.1:${port}/postgres`);
  await new Promise((resolve) => server.close(resolve));
  await writeSnapshot(pglite, file);
  await pglite.close();
  for (const name of outdated.filter((found) => /^migrated-[0-9a-f]+\.tar$/.test(found))) {
    await rm(join(CACHE_DIRECTORY, name), { force: true });
  }
  return file;
}

/** Of everything that makes one migrated database differ from another. */
export async function migrationsHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(MIGRATIONS_DIRECTORY)).sort()) {
    hash.update(name).update(await readFile(join(MIGRATIONS_DIRECTORY, name)));
  }
  for (const name of ["pglite", "pglite-pgvector"]) {
    const manifest = new URL(`node_modules/@electric-sql/${name}/package.json`, PACKAGE_ROOT);
    hash.update(await readFile(manifest));
  }
  return hash.digest("hex").slice(0, 16);
}
