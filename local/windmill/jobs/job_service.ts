import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { canceledResult, failure } from "../engine/outcome.ts";
import type { Json } from "../json.ts";
import { durationMs, isCompleted, isFlowJob, type Job, type JobState } from "./job.ts";
import type { JobStore } from "./job_store.ts";
import type { ScriptJobs } from "./script_jobs.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** For the terminal of the demo: a job started or ended. */
export interface JobEvent {
  type: "started" | "completed";
  id: string;
  path: string;
  args: Job["args"];
  kind: Job["kind"];
  state: JobState;
  stepId?: string;
  parentJob?: string;
  rootJob?: string;
  /** Of a completed job: from its start to its end. */
  ms?: number;
}

export interface JobEnd {
  state: Exclude<JobState, "queued" | "running">;
  result: Json;
  unrecoverable?: boolean;
}

export type NewJob = Pick<Job, "kind" | "path" | "args"> & Partial<Job>;

/** What runs a flow job; set by flow_jobs.ts, which needs this service itself. */
export type RunFlowJob = (job: Job) => Promise<JobEnd>;

export class JobExists extends Error {
  readonly id: string;

  constructor(id: string) {
    super(`Job with id ${id} already exists`);
    this.name = "JobExists";
    this.id = id;
  }
}

/** The longest delay of a timer; a job that is further away is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Queues jobs, starts them when they are due, ends them once, and cancels them with all below. */
export class JobService {
  readonly store: JobStore;
  readonly #scriptJobs: ScriptJobs;
  readonly #pool: WorkerPool;
  readonly #events = new EventEmitter<{ job: [JobEvent] }>();
  readonly #completions = new Map<string, PromiseWithResolvers<JobEnd>>();
  readonly #aborts = new Map<string, AbortController>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #tokens = new Map<string, string>();
  readonly #scriptRuns = new Set<Promise<void>>();
  #runFlowJob: RunFlowJob | undefined;
  #closing = false;

  constructor(store: JobStore, scriptJobs: ScriptJobs, pool: WorkerPool) {
    this.store = store;
    this.#scriptJobs = scriptJobs;
    this.#pool = pool;
    this.#events.setMaxListeners(0);
  }

  useFlows(runFlowJob: RunFlowJob): void {
    this.#runFlowJob = runFlowJob;
  }

  /** How many jobs are due and have no worker yet. */
  get waitingForWorker(): number {
    return this.#pool.waiting;
  }

  onJob(listener: (event: JobEvent) => void): () => void {
    this.#events.on("job", listener);
    return () => this.#events.off("job", listener);
  }

  /** The job that a token was made for, while that job runs. */
  jobOfToken(token: string): string | undefined {
    return this.#tokens.get(token);
  }

  /** Saves a job and starts it when it is due. Throws JobExists for an id that was used before. */
  enqueue(job: NewJob): Job {
    const queued = this.record(job);
    this.#startWhenDue(queued);
    return queued;
  }

  /** Saves a job that its caller runs itself. */
  record(job: NewJob): Job {
    const now = new Date().toISOString();
    const id = job.id ?? randomUUID();
    if (this.store.get(id)) throw new JobExists(id);
    const queued: Job = {
      createdAt: now,
      scheduledFor: now,
      isFlowStep: false,
      tag: job.kind === "flow" ? "flow" : "bun",
      ...job,
      id,
      state: "queued",
    };
    this.store.save(queued);
    return queued;
  }

  /** How the job ends, or ended. Never settles when the server closes before that. */
  completion(id: string): Promise<JobEnd> {
    const job = this.store.get(id);
    if (job && isCompleted(job)) return Promise.resolve(endOf(job));
    return this.#completionOf(id).promise;
  }

  /** Cancels a job and everything below it that has not ended. False when it had ended already. */
  cancel(id: string, by: string, reason: string): boolean {
    const job = this.store.get(id);
    if (job === undefined || isCompleted(job)) return false;
    this.store.update(id, { canceledBy: by, canceledReason: reason });
    for (const child of this.store.children(id)) {
      if (child.isFlowStep) this.cancel(child.id, by, reason);
    }
    const abort = this.#aborts.get(id);
    abort?.abort();
    // A queued job has nothing that would notice the signal.
    if (abort === undefined)
      this.end(id, { state: "canceled", result: canceledResult(by, reason) });
    return true;
  }

  /** Aborted when the job is canceled or the server closes. */
  signalOf(id: string): AbortSignal {
    const existing = this.#aborts.get(id);
    if (existing) return existing.signal;
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    return abort.signal;
  }

  /** Marks a job as running and tells the listeners. */
  begin(id: string): Job {
    const job = this.store.update(id, { state: "running", startedAt: new Date().toISOString() });
    this.#emit("started", job);
    return job;
  }

  /** Ends a job, once: what comes after a cancellation or while closing is dropped. */
  end(id: string, end: JobEnd): void {
    const job = this.store.get(id);
    if (this.#closing || job === undefined || isCompleted(job)) return;
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const completed = this.store.update(id, {
      state: end.state,
      result: end.result,
      completedAt: new Date().toISOString(),
    });
    this.#aborts.delete(id);
    this.#emit("completed", completed);
    this.#completionOf(id).resolve(end);
    this.#completions.delete(id);
  }

  /**
   * What Windmill does after its worker died: scripts are started again in place with their
   * id, flows are given up (reliability: handle_zombie_flows), queued jobs stay queued.
   */
  resumeSaved(): void {
    for (const job of this.store.all()) {
      if (isCompleted(job)) continue;
      if (isFlowJob(job) ? job.state === "running" : job.isFlowStep) {
        const message = `${job.path} was running when the local Windmill stopped; flows are not resumed.`;
        this.end(job.id, { state: "failure", result: failure("ZombieFlow", message) });
      } else {
        this.#startWhenDue(this.store.update(job.id, { state: "queued" }));
      }
    }
  }

  /** Resolves when no job has a process any more; their records stay as they are. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const abort of this.#aborts.values()) abort.abort();
    await Promise.all(this.#scriptRuns);
  }

  #startWhenDue(job: Job): void {
    if (this.#closing) return;
    const delay = Date.parse(job.scheduledFor) - Date.now();
    if (delay <= 0) {
      const run = this.#run(job);
      // A flow has no process; while closing it waits for a step that never ends.
      if (!isFlowJob(job)) this.#track(run);
      return;
    }
    const again = () => {
      this.#timers.delete(job.id);
      this.#startWhenDue(job);
    };
    this.#timers.set(job.id, setTimeout(again, Math.min(delay, MAX_TIMER_MS)));
  }

  #track(run: Promise<void>): void {
    this.#scriptRuns.add(run);
    void run.finally(() => this.#scriptRuns.delete(run));
  }

  /** Never rejects: whatever goes wrong is the job's result. */
  async #run(job: Job): Promise<void> {
    try {
      this.end(job.id, isFlowJob(job) ? await this.#runFlow(job) : await this.#runScript(job));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.end(job.id, { state: "failure", result: failure(name, message) });
    }
  }

  async #runFlow(job: Job): Promise<JobEnd> {
    if (this.#runFlowJob === undefined) throw new Error("No flow engine is installed.");
    return this.#runFlowJob(job);
  }

  async #runScript(job: Job): Promise<JobEnd> {
    const signal = this.signalOf(job.id);
    const outcome = await this.#pool.run(signal, async () => {
      this.begin(job.id);
      const token = randomUUID();
      this.#tokens.set(token, job.id);
      const parent = job.parentJob === undefined ? undefined : this.store.get(job.parentJob);
      try {
        return await this.#scriptJobs.run(job, {
          token,
          flowPath: parent && isFlowJob(parent) ? parent.path : undefined,
          signal,
          onOutput: (text) => this.store.appendLog(job.id, text),
        });
      } finally {
        this.#tokens.delete(token);
      }
    });
    const { canceledBy, canceledReason } = this.store.get(job.id) ?? job;
    if (outcome === undefined || canceledBy !== undefined) {
      const result = canceledResult(canceledBy ?? "unknown", canceledReason ?? "no reason given");
      return { state: "canceled", result };
    }
    const { success, result, unrecoverable } = outcome;
    return { state: success ? "success" : "failure", result, unrecoverable };
  }

  #completionOf(id: string): PromiseWithResolvers<JobEnd> {
    const existing = this.#completions.get(id);
    if (existing) return existing;
    const completion = withResolvers<JobEnd>();
    this.#completions.set(id, completion);
    return completion;
  }

  #emit(type: JobEvent["type"], job: Job): void {
    const ms = type === "completed" ? durationMs(job, new Date()) : undefined;
    const { id, path, args, kind, state, stepId, parentJob, rootJob } = job;
    this.#events.emit("job", {
      type,
      id,
      path,
      args,
      kind,
      state,
      ...(stepId === undefined ? {} : { stepId }),
      ...(parentJob === undefined ? {} : { parentJob }),
      ...(rootJob === undefined ? {} : { rootJob }),
      ...(ms === undefined ? {} : { ms }),
    });
  }
}

function endOf(job: Job): JobEnd {
  const state = job.state === "queued" || job.state === "running" ? "failure" : job.state;
  return { state, result: job.result ?? null };
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
