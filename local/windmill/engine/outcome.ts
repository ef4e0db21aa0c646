import type { Json } from "../json.ts";

/** How a job ended, as Windmill stores it. */
export interface JobOutcome {
  jobId: string;
  success: boolean;
  /** What main returned, or `{error: {name, message, …}}`. */
  result: Json;
  /** Its process died or its flow could not go on: no retry is made (Windmill: `unrecoverable`). */
  unrecoverable?: boolean;
  canceled?: boolean;
}

/** How a flow, or the flow job that Windmill makes of a branch, ended. */
export interface FlowOutcome {
  success: boolean;
  result: Json;
  skipped: boolean;
  canceled: boolean;
  /** A stop_after_if ended it before its last step. */
  stoppedEarly: { skip: boolean } | undefined;
  /** Its failure module ran: its parent's does not run again for the same failure. */
  handled: boolean;
}

/** A flow that ended with nothing out of the ordinary. */
export function endedFlow(success: boolean, result: Json): FlowOutcome {
  return {
    success,
    result,
    skipped: false,
    canceled: false,
    stoppedEarly: undefined,
    handled: false,
  };
}

/** How one module of a flow ended, after its retries. */
export interface ModuleOutcome {
  success: boolean;
  result: Json;
  jobId?: string;
  /** The jobs of a branchall's branches or a loop's iterations, in order. */
  flowJobs?: string[];
  skipped?: boolean;
  unrecoverable?: boolean;
  canceled?: boolean;
  stop?: { skip: boolean; errorMessage?: string };
  handled?: boolean;
}

export function failure(
  name: string,
  message: string,
): { error: { name: string; message: string } } {
  return { error: { name, message } };
}

/** Windmill: windmill-queue jobs.rs, canceled_job_to_result. */
export function canceledResult(by: string, reason: string): Json {
  const message = `Job canceled: ${reason} by ${by}`;
  return { error: { name: "Canceled", message, reason, canceler: by } };
}
