import { readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

/** PostgreSQL's programs, compiled for every database that this process opens. */
export interface CompiledPostgres {
  pgliteWasmModule: WebAssembly.Module;
  initdbWasmModule: WebAssembly.Module;
}

/** Saves each database after the first 0.5 s of a core, and statements run as fast as the last one's did. */
export async function compilePostgres(): Promise<CompiledPostgres> {
  const folder = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"));
  const compile = async (file: string) => WebAssembly.compile(await readFile(join(folder, file)));
  return {
    pgliteWasmModule: await compile("pglite.wasm"),
    initdbWasmModule: await compile("initdb.wasm"),
  };
}

/** Opens PGlite with pgvector: in memory, or in `dataDir`; empty, or as a snapshot has it. */
export async function openDatabase(options: {
  dataDir?: string;
  snapshot?: string;
  compiled?: CompiledPostgres;
}): Promise<PGlite> {
  const loadDataDir = options.snapshot ? new Blob([await readFile(options.snapshot)]) : undefined;
  return PGlite.create({
    extensions: { vector },
    ...(options.dataDir ? { dataDir: options.dataDir } : {}),
    ...(loadDataDir ? { loadDataDir } : {}),
    ...options.compiled,
  });
}

/**
 * Writes what PGlite holds to `file`, an uncompressed tar of 40 MB. To begin with one takes 0.5 s,
 * where a new database takes 3 s and its migrations come on top.
 * Several processes may write the same file at once: it appears whole or not at all.
 */
export async function writeSnapshot(pglite: PGlite, file: string): Promise<void> {
  const dump = await pglite.dumpDataDir("none");
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, Buffer.from(await dump.arrayBuffer()));
  await rename(unfinished, file);
}
