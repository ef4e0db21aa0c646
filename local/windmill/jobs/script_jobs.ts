import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse_ts_relative_imports } from "windmill-parser-wasm-ts";
import { failure } from "../engine/outcome.ts";
import type { WorkspaceValues } from "../workspace_values.ts";
import type { Bundler } from "./bundle.ts";
import { interpolateArgs } from "./interpolate.ts";
import type { Job } from "./job.ts";
import { jobEnv, reservedVariables } from "./job_env.ts";
import { loadScript, type Script } from "./script_catalog.ts";
import type { ProcessOutcome, ScriptRunner } from "./script_runner.ts";
import { readSignature, UnreadableScript } from "./script_signature.ts";
import { wrapperFor } from "./wrapper.ts";

export interface ScriptJobsOptions {
  repositoryRoot: string;
  dataDir: string;
  workspace: string;
  values: WorkspaceValues;
  bundler: Bundler;
  runner: ScriptRunner;
  /** Known once the server listens. */
  baseUrl: () => string;
}

export interface ScriptJobContext {
  token: string;
  flowPath: string | undefined;
  signal: AbortSignal;
  onOutput: (text: string) => void;
}

/** From a job's record to its result: interpolation, bundle, process. */
export class ScriptJobs {
  readonly #options: ScriptJobsOptions;

  constructor(options: ScriptJobsOptions) {
    this.#options = options;
  }

  /** What goes wrong before the process starts fails the job, as it does in a worker. */
  async run(job: Job, context: ScriptJobContext): Promise<ProcessOutcome> {
    try {
      return await this.#run(job, context);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      context.onOutput(`${name}: ${message}\n`);
      return { success: false, result: failure(name, message), unrecoverable: false };
    }
  }

  async #run(job: Job, context: ScriptJobContext): Promise<ProcessOutcome> {
    const { baseUrl, workspace, values, bundler, runner } = this.#options;
    const script = job.content === undefined ? this.#load(job) : this.#writeRawScript(job);
    const signature = readSignature(job.path, script.code);
    const envContext = { ...context, baseUrl: baseUrl(), workspace };
    const reserved = reservedVariables(job, envContext);
    const args = interpolateArgs(job.args, {
      variable: (path) => values.variable(path),
      resource: (path) => values.resource(path),
      reserved: (name) => reserved[name],
    });
    const bundle = await bundler.bundle(script.file);
    return runner.run({
      jobId: job.id,
      program: wrapperFor(bundle, signature),
      args,
      env: jobEnv(job, envContext, process.env),
      timeoutSeconds: job.timeoutSeconds ?? script.timeoutSeconds,
      signal: context.signal,
      onOutput: context.onOutput,
    });
  }

  #load(job: Job): Script {
    return loadScript(this.#options.repositoryRoot, job.path);
  }

  /** A flow's inline code, in a file beside the repository's packages. It imports packages only. */
  #writeRawScript(job: Job): Script {
    const { dataDir, repositoryRoot } = this.#options;
    const code = job.content ?? "";
    readSignature(job.path, code);
    const imports = parse_ts_relative_imports(code, job.path);
    if (imports.length > 0) {
      throw new UnreadableScript(
        job.path,
        `inline code imports ${imports.join(", ")}; make it a script.`,
      );
    }
    const folder = join(dataDir, "raw_scripts");
    mkdirSync(folder, { recursive: true });
    linkPackages(repositoryRoot, folder);
    const file = join(folder, `${job.id}.ts`);
    writeFileSync(file, code);
    return { path: job.path, file, code };
  }
}

/** Gives `folder` the packages that the repository's own scripts resolve to. */
function linkPackages(repositoryRoot: string, folder: string): void {
  const packages = findPackages(repositoryRoot);
  const link = join(folder, "node_modules");
  if (packages === undefined || (existsSync(link) && realpathSync(link) === packages)) return;
  // It may lead to where the repository was before it moved.
  rmSync(link, { force: true });
  symlinkSync(packages, link);
}

function findPackages(folder: string): string | undefined {
  const packages = join(folder, "node_modules");
  if (existsSync(packages)) return realpathSync(packages);
  return dirname(folder) === folder ? undefined : findPackages(dirname(folder));
}
