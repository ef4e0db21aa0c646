import { setTimeout as sleep } from "node:timers/promises";
import type { LocalWindmill } from "../windmill/start_windmill.ts";
import type { Chance } from "./chance.ts";
import type { Commit, CommitFate } from "./commit_gate.ts";
import {
  type JobProcess,
  jobOfConnection,
  jobProcesses,
  killJob,
  runCopy,
} from "./job_processes.ts";
import type { UnheardReplies } from "./unheard_replies.ts";

/** What happens to a job. Commits are named by the step and their number in it, such as send_reply#2. */
type JobFate =
  | { kind: "lives" | "copied" }
  | { kind: "killed"; afterMs: number }
  | { kind: "at_commit"; number: number; fate: Exclude<CommitFate, "pass"> };

const COMMIT_FATES = ["before", "after", "unheard"] as const;
/** No step has more. */
const COMMITS = 3;
/** Each commit point of a step is met once for certain, by the jobs after its first two; the rest is chance. */
const UNHARMED = 2;

export interface Damage {
  jobsKilled: number;
  jobsCopied: number;
  connectionsBroken: number;
  /** By commit point, such as "send_reply#2 after". */
  commitPoints: Record<string, number>;
}

/** Kills jobs, runs them twice and breaks their connections, as the seed has it for the n-th job of each step. */
export class Saboteur {
  readonly damage: Damage = {
    jobsKilled: 0,
    jobsCopied: 0,
    connectionsBroken: 0,
    commitPoints: {},
  };
  readonly #jobDirs: string;
  readonly #chance: Chance;
  readonly #unheard: UnheardReplies;
  readonly #jobs = new Map<string, { step: string; fate: JobFate }>();
  readonly #counts = new Map<string, number>();
  readonly #connections = new Map<number, JobProcess>();
  #isActive = true;

  constructor(jobDirs: string, chance: Chance, unheard: UnheardReplies) {
    this.#jobDirs = jobDirs;
    this.#chance = chance;
    this.#unheard = unheard;
  }

  watch(windmill: LocalWindmill): void {
    windmill.onJob((event) => {
      if (event.type !== "started" || event.kind !== "script" || !this.#isActive) return;
      const step = event.path.split("/").at(-1) ?? event.path;
      const number = (this.#counts.get(step) ?? 0) + 1;
      this.#counts.set(step, number);
      const isLastAttempt = step === "send_reply" && this.#unheard.has(String(event.args.turn_id));
      const fate: JobFate = isLastAttempt ? { kind: "lives" } : this.#fateOf(step, number);
      this.#jobs.set(event.id, { step, fate });
      if (fate.kind === "killed") void this.#kill(event.id, fate.afterMs);
      if (fate.kind === "copied") void this.#copy(event.id);
    });
  }

  /** How many jobs have started, of this step or of all. */
  started(step?: string): number {
    if (step !== undefined) return this.#counts.get(step) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** From now on everything lives. */
  stop(): void {
    this.#isActive = false;
  }

  fateOfCommit({ clientPort, number }: Commit): CommitFate {
    if (!this.#isActive) return "pass";
    if (number === 1) this.#connections.delete(clientPort);
    const job = this.#connections.get(clientPort) ?? jobOfConnection(this.#jobDirs, clientPort);
    if (job === undefined) return "pass";
    this.#connections.set(clientPort, job);
    const planned = this.#jobs.get(job.jobId);
    if (planned?.fate.kind !== "at_commit" || planned.fate.number !== number) return "pass";
    const { fate } = planned.fate;
    const point = `${planned.step}#${number} ${fate}`;
    this.damage.commitPoints[point] = (this.damage.commitPoints[point] ?? 0) + 1;
    if (fate === "unheard") this.damage.connectionsBroken += 1;
    return fate;
  }

  killAtCommit({ clientPort }: Commit): void {
    const job = this.#connections.get(clientPort);
    if (job !== undefined && killJob(job)) this.damage.jobsKilled += 1;
  }

  #fateOf(step: string, number: number): JobFate {
    const point = number - 1 - UNHARMED;
    if (point >= 0 && point < COMMIT_FATES.length * COMMITS) {
      const fate = COMMIT_FATES[Math.floor(point / COMMITS)] ?? "before";
      return { kind: "at_commit", number: 1 + (point % COMMITS), fate };
    }
    const luck = this.#chance("job", step, number);
    if (luck < 0.1) {
      const fate = COMMIT_FATES[Math.floor(this.#chance("commit fate", step, number) * 3)];
      const at = 1 + Math.floor(this.#chance("commit", step, number) * COMMITS);
      return { kind: "at_commit", number: at, fate: fate ?? "before" };
    }
    if (luck < 0.14) {
      return { kind: "killed", afterMs: this.#chance("kill after", step, number) * 800 };
    }
    return { kind: luck < 0.2 ? "copied" : "lives" };
  }

  async #kill(jobId: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const job = jobProcesses(this.#jobDirs).find((process) => process.jobId === jobId);
    if (job !== undefined && killJob(job)) this.damage.jobsKilled += 1;
  }

  async #copy(jobId: string): Promise<void> {
    // its process begins some milliseconds after the job
    for (let looks = 0; looks < 50; looks++) {
      const job = jobProcesses(this.#jobDirs).find((process) => process.jobId === jobId);
      if (job !== undefined) {
        if (runCopy(this.#jobDirs, job)) this.damage.jobsCopied += 1;
        return;
      }
      await sleep(10);
    }
  }
}
