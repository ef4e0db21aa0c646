import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { BUN_VERSION } from "../bun_binary.ts";
import { writeFileAtomically } from "../write_file.ts";

const run = promisify(execFile);

export class BundleFailed extends Error {
  readonly entry: string;

  constructor(entry: string, problem: string, cause?: unknown) {
    super(`${entry} could not be bundled:\n${problem}`, { cause });
    this.name = "ExecutionErr";
    this.entry = entry;
  }
}

/** What the last bundle of a script was made of. */
const recordSchema = z.object({ inputs: z.array(z.string()), bundle: z.string() });
const metafileSchema = z.object({ inputs: z.record(z.string(), z.unknown()) });

/**
 * Bundles scripts with `bun build --target=bun` and keeps the bundles on disk by the hash of
 * everything that went in: our files, package-lock.json and Bun's version.
 */
export class Bundler {
  readonly #bun: string;
  readonly #repositoryRoot: string;
  readonly #cacheDir: string;
  readonly #running = new Map<string, Promise<string>>();
  readonly #closing = new AbortController();

  constructor(bun: string, repositoryRoot: string, cacheDir: string) {
    this.#bun = bun;
    this.#repositoryRoot = repositoryRoot;
    this.#cacheDir = cacheDir;
    mkdirSync(this.#cacheDir, { recursive: true });
  }

  /** The path of the bundle of the script in `file`. */
  bundle(file: string): Promise<string> {
    const running = this.#running.get(file);
    if (running) return running;
    const bundling = this.#bundle(file).finally(() => this.#running.delete(file));
    this.#running.set(file, bundling);
    return bundling;
  }

  /** Kills the builds that run. */
  close(): void {
    this.#closing.abort();
  }

  async #bundle(file: string): Promise<string> {
    const recordFile = join(this.#cacheDir, `${sha256([file])}.json`);
    if (existsSync(recordFile)) {
      const { inputs, bundle } = recordSchema.parse(JSON.parse(readFileSync(recordFile, "utf8")));
      if (bundle === this.#bundleFile(inputs) && existsSync(bundle)) return bundle;
    }
    const { code, inputs } = await this.#build(file);
    const bundle = this.#bundleFile(inputs);
    writeFileAtomically(bundle, code);
    writeFileAtomically(recordFile, JSON.stringify({ inputs, bundle }));
    return bundle;
  }

  async #build(file: string): Promise<{ code: Buffer; inputs: string[] }> {
    const output = join(this.#cacheDir, `${sha256([file])}.build.js`);
    const metafile = `${output}.meta.json`;
    const flags = ["--target=bun", `--outfile=${output}`, `--metafile=${metafile}`];
    try {
      await run(this.#bun, ["build", file, ...flags], {
        cwd: this.#repositoryRoot,
        signal: this.#closing.signal,
      });
    } catch (error) {
      const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
      throw new BundleFailed(file, stderr || String(error), error);
    }
    const { inputs } = metafileSchema.parse(JSON.parse(readFileSync(metafile, "utf8")));
    const ours = Object.keys(inputs)
      .map((path) => resolve(this.#repositoryRoot, path))
      .filter((path) => !path.includes(`${sep}node_modules${sep}`));
    for (const path of ours) this.#refuseOutsideWorkspace(file, path);
    return { code: readFileSync(output), inputs: ours.sort() };
  }

  /** Windmill: imports are limited to scripts of the same workspace. */
  #refuseOutsideWorkspace(entry: string, path: string): void {
    const inside = path === entry || path.startsWith(join(this.#repositoryRoot, "f") + sep);
    if (!inside) {
      throw new BundleFailed(entry, `It imports ${path}, which is not a script under f/.`);
    }
  }

  #bundleFile(inputs: string[]): string {
    const lock = join(this.#repositoryRoot, "package-lock.json");
    const contents = [...inputs, lock].map((path) =>
      existsSync(path) ? readFileSync(path) : "missing",
    );
    return join(this.#cacheDir, `${sha256([BUN_VERSION, ...inputs, ...contents])}.js`);
  }
}

function sha256(parts: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}
