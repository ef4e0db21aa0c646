import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failure } from "../engine/outcome.ts";
import type { Json, JsonObject } from "../json.ts";

export interface ProcessRequest {
  jobId: string;
  /** The program to run, from wrapper.ts. */
  program: string;
  /** After interpolation. */
  args: JsonObject;
  env: Record<string, string>;
  timeoutSeconds: number | undefined;
  /** Aborted when the job is canceled. */
  signal: AbortSignal;
  onOutput: (text: string) => void;
}

export interface ProcessOutcome {
  success: boolean;
  result: Json;
  /** It died of a signal that nobody here sent: out of memory, or killed from outside. */
  unrecoverable: boolean;
}

/** Runs each job's program in a Bun process and a directory of its own. */
export class ScriptRunner {
  readonly #bun: string;
  readonly #jobDirs: string;
  readonly #processes = new Set<ChildProcess>();
  readonly #killAtExit = () => this.#killAll();

  constructor(bun: string, dataDir: string) {
    this.#bun = bun;
    this.#jobDirs = join(dataDir, "job_dirs");
    // Those that a killed server left behind.
    rmSync(this.#jobDirs, { recursive: true, force: true });
    process.once("exit", this.#killAtExit);
  }

  async run(request: ProcessRequest): Promise<ProcessOutcome> {
    const directory = join(this.#jobDirs, request.jobId);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "wrapper.mjs"), request.program);
    writeFileSync(join(directory, "args.json"), JSON.stringify(request.args));
    try {
      const end = await this.#spawn(directory, request);
      return outcomeOf(end, directory, request.timeoutSeconds);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  close(): void {
    process.off("exit", this.#killAtExit);
    this.#killAll();
  }

  #killAll(): void {
    for (const child of this.#processes) killGroup(child);
  }

  #spawn(directory: string, request: ProcessRequest): Promise<ProcessEnd> {
    // A group of its own, so that what the step started dies with it.
    // Not `bun run`, which would add npm_* variables to the job's environment.
    const child = spawn(this.#bun, ["--no-install", "wrapper.mjs"], {
      cwd: directory,
      env: request.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#processes.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", request.onOutput);
    }
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const kill = () => killGroup(child);
      const timer = setTimeout(
        () => {
          timedOut = true;
          kill();
        },
        (request.timeoutSeconds ?? MAX_TIMEOUT_SECONDS) * 1000,
      );
      request.signal.addEventListener("abort", kill, { once: true });
      const settle = () => {
        clearTimeout(timer);
        request.signal.removeEventListener("abort", kill);
        this.#processes.delete(child);
      };
      child.once("error", (error) => {
        settle();
        reject(error);
      });
      child.once("close", (code, signal) => {
        settle();
        resolve({ code, signal, timedOut });
      });
      if (request.signal.aborted) kill();
    });
  }
}

/** The longest that setTimeout can wait, 24 days; Windmill's own default is 7. */
const MAX_TIMEOUT_SECONDS = 7 * 24 * 60 * 60;

interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
}

function outcomeOf(
  { code, signal, timedOut }: ProcessEnd,
  directory: string,
  timeoutSeconds: number | undefined,
): ProcessOutcome {
  if (timedOut) {
    const problem = `Job timed out: execution exceeded duration limit of ${timeoutSeconds} seconds`;
    return { success: false, result: failure("ExecutionErr", problem), unrecoverable: false };
  }
  if (signal !== null) {
    const problem = `process terminated by signal: ${signal}`;
    return { success: false, result: failure("ExecutionErr", problem), unrecoverable: true };
  }
  const resultFile = join(directory, "result.json");
  if (!existsSync(resultFile)) {
    // main called process.exit itself: 0 is a success without a result.
    if (code === 0) return { success: true, result: null, unrecoverable: false };
    const problem = `exited with code ${code} without a result; see the job's log`;
    return { success: false, result: failure("ExecutionErr", problem), unrecoverable: false };
  }
  const result = JSON.parse(readFileSync(resultFile, "utf8")) as Json;
  return code === 0
    ? { success: true, result, unrecoverable: false }
    : { success: false, result: { error: result }, unrecoverable: false };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it ended between the check and the kill, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
