import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { notSupported } from "./http_error.ts";
import { writeFileAtomically } from "./write_file.ts";

/**
 * What is deployed, by its name in the archive that `wmill sync` compares with the checkout
 * (Windmill: workspaces_export.rs): `f/x/y.ts` with `f/x/y.script.json`, `f/x/y.flow.json`,
 * `f/x/y.schedule.json`, `f/x/folder.meta.json` and `dependencies/package.json`.
 */
export interface Deployment {
  files(): ReadonlyMap<string, string>;
  hasScript(path: string): boolean;
  put(files: Readonly<Record<string, string>>): void;
}

/** The repository itself, as it is at each moment: it needs no deploying. */
export class CheckoutDeployment implements Deployment {
  readonly #root: string;

  constructor(repositoryRoot: string) {
    this.#root = repositoryRoot;
  }

  files(): ReadonlyMap<string, string> {
    const folder = join(this.#root, "f");
    const names = existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
      : [];
    const files = names.flatMap((name) => this.#archived(relative(this.#root, join(folder, name))));
    const dependencies = "dependencies/package.json";
    if (existsSync(join(this.#root, dependencies))) {
      files.push([dependencies, this.#read(dependencies)]);
    }
    return new Map(files);
  }

  /** Whatever is in the repository can be run. */
  hasScript(): boolean {
    return true;
  }

  put(): void {
    throw notSupported(
      "a deployment: it runs the scripts of its own checkout, and they differ from yours",
    );
  }

  #archived(path: string): [string, string][] {
    const json = (name: string, value: unknown): [string, string] => [name, JSON.stringify(value)];
    if (path.endsWith("__flow/flow.yaml")) {
      return [json(dirname(path).replace(/__flow$/, ".flow.json"), parse(this.#read(path)))];
    }
    if (path.endsWith(".script.yaml")) {
      const script = z.looseObject({ lock: z.string().optional() }).parse(parse(this.#read(path)));
      const code = path.replace(/\.script\.yaml$/, ".ts");
      return [
        [code, this.#read(code)],
        json(path.replace(/yaml$/, "json"), { ...script, lock: this.#lock(script.lock) }),
      ];
    }
    if (path.endsWith(".schedule.yaml") || basename(path) === "folder.meta.yaml") {
      return [json(path.replace(/yaml$/, "json"), parse(this.#read(path)))];
    }
    return [];
  }

  #lock(lock: string | undefined): string {
    const file = /^!inline (.+)$/.exec(lock ?? "")?.[1];
    return file === undefined ? (lock ?? "") : this.#read(file);
  }

  #read(path: string): string {
    return readFileSync(join(this.#root, path), "utf8");
  }
}

/** What was pushed, in one file of the data dir: nothing at first. */
export class PushedDeployment implements Deployment {
  readonly #file: string;
  readonly #files: Map<string, string>;

  constructor(dataDir: string) {
    this.#file = join(dataDir, "deployed.json");
    const saved = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, "utf8")) : {};
    this.#files = new Map(Object.entries(z.record(z.string(), z.string()).parse(saved)));
  }

  files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  hasScript(path: string): boolean {
    return this.#files.has(`${path}.ts`);
  }

  put(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) this.#files.set(name, content);
    writeFileAtomically(this.#file, JSON.stringify(Object.fromEntries(this.#files)));
  }
}
