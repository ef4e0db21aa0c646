import type { ModuleStatus } from "../engine/flow_host.ts";
import type { Json, JsonObject } from "../json.ts";

export type JobState = "queued" | "running" | "success" | "failure" | "canceled" | "skipped";

/** A job as it is kept in the data dir. Times are ISO strings in UTC. */
export interface Job {
  id: string;
  /** `flowpreview` is what Windmill calls the flow job of a branch or an iteration. */
  kind: "script" | "preview" | "flow" | "flowpreview" | "identity";
  path: string;
  /** As they came: `$var:` and `$res:` in them are replaced in the worker only. */
  args: JsonObject;
  state: JobState;
  createdAt: string;
  scheduledFor: string;
  startedAt?: string;
  completedAt?: string;
  parentJob?: string;
  /** The flow that this step belongs to: WM_ROOT_FLOW_JOB_ID. */
  rootFlowJob?: string;
  /** The job at the top of the tree: WM_ROOT_JOB_ID. */
  rootJob?: string;
  isFlowStep: boolean;
  stepId?: string;
  schedulePath?: string;
  tag: string;
  timeoutSeconds?: number;
  /** The code of a rawscript step. */
  content?: string;
  result?: Json;
  canceledBy?: string;
  canceledReason?: string;
  progress?: number;
  flowStatus?: { modules: ModuleStatus[] };
  userStates?: JsonObject;
}

export function isFlowJob(job: Job): boolean {
  return job.kind === "flow" || job.kind === "flowpreview";
}

export function isCompleted(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

/** Windmill counts a skipped job as a success. */
export function isSuccess(job: Job): boolean {
  return job.state === "success" || job.state === "skipped";
}

/** From the start of a job to its end, or to now while it runs. */
export function durationMs(job: Job, now: Date): number | undefined {
  if (job.startedAt === undefined) return undefined;
  const end = job.completedAt === undefined ? now.getTime() : Date.parse(job.completedAt);
  return end - Date.parse(job.startedAt);
}
