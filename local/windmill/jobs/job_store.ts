import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../write_file.ts";
import type { Job } from "./job.ts";

/** Enough for any step of ours; a step that prints more must not fill the disk. */
const MAX_LOG_BYTES = 1024 * 1024;
const TRUNCATED = "\n[the local Windmill keeps the first MiB of a job's log]\n";

/** Jobs in memory, each also a JSON file, so that they are still there after a restart. */
export class JobStore {
  readonly #jobsDir: string;
  readonly #logsDir: string;
  readonly #jobs = new Map<string, Job>();

  constructor(dataDir: string) {
    this.#jobsDir = join(dataDir, "jobs");
    this.#logsDir = join(dataDir, "logs");
    mkdirSync(this.#jobsDir, { recursive: true });
    mkdirSync(this.#logsDir, { recursive: true });
    const saved = readdirSync(this.#jobsDir)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(join(this.#jobsDir, name), "utf8")) as Job);
    for (const job of saved.sort((a, b) => a.createdAt.localeCompare(b.createdAt))) {
      this.#jobs.set(job.id, job);
    }
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** All jobs, the oldest first. */
  all(): Job[] {
    return [...this.#jobs.values()];
  }

  children(id: string): Job[] {
    return this.all().filter((job) => job.parentJob === id);
  }

  save(job: Job): void {
    this.#jobs.set(job.id, job);
    writeFileAtomically(join(this.#jobsDir, `${job.id}.json`), JSON.stringify(job));
  }

  update(id: string, changes: Partial<Job>): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new Error(`Job ${id} is not in the store.`);
    const changed = { ...job, ...changes };
    this.save(changed);
    return changed;
  }

  /** With its log; a job that is not there is nothing to delete. */
  delete(id: string): void {
    this.#jobs.delete(id);
    rmSync(join(this.#jobsDir, `${id}.json`), { force: true });
    rmSync(this.#logFile(id), { force: true });
  }

  appendLog(id: string, text: string): void {
    const file = this.#logFile(id);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= MAX_LOG_BYTES) return;
    const bytes = Buffer.from(text);
    const room = MAX_LOG_BYTES - size;
    appendFileSync(file, bytes.length <= room ? bytes : bytes.subarray(0, room));
    if (bytes.length > room) appendFileSync(file, TRUNCATED);
  }

  log(id: string): string {
    const file = this.#logFile(id);
    return statSync(file, { throwIfNoEntry: false }) ? readFileSync(file, "utf8") : "";
  }

  #logFile(id: string): string {
    return join(this.#logsDir, `${id}.log`);
  }
}
