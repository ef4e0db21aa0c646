import { durationMs, isCompleted, isFlowJob, isSuccess, type Job } from "../jobs/job.ts";
import { USER } from "../jobs/job_env.ts";
import type { Json } from "../json.ts";

/** A job as Windmill's API shows it: a CompletedJob, or a QueuedJob before that. */
export function jobJson(
  job: Job,
  workspace: string,
  logs?: string,
): { [key: string]: Json | undefined } {
  const common = {
    workspace_id: workspace,
    id: job.id,
    parent_job: job.parentJob,
    created_by: USER.username,
    created_at: job.createdAt,
    started_at: job.startedAt,
    scheduled_for: job.scheduledFor,
    script_path: job.path,
    args: job.args,
    logs,
    canceled: job.canceledBy !== undefined,
    canceled_by: job.canceledBy,
    canceled_reason: job.canceledReason,
    job_kind: job.kind,
    schedule_path: job.schedulePath,
    permissioned_as: USER.permissionedAs,
    email: USER.email,
    flow_status: flowStatus(job),
    is_flow_step: job.isFlowStep,
    flow_step_id: job.stepId,
    root_job: job.rootJob,
    language: isFlowJob(job) ? undefined : "bun",
    visible_to_owner: true,
    tag: job.tag,
  };
  if (!isCompleted(job)) return { type: "QueuedJob", ...common, running: job.state === "running" };
  return {
    type: "CompletedJob",
    ...common,
    completed_at: job.completedAt,
    duration_ms: durationMs(job, new Date()) ?? 0,
    success: isSuccess(job),
    result: job.result ?? null,
    is_skipped: job.state === "skipped",
    deleted: false,
  };
}

function flowStatus(job: Job): Json | undefined {
  if (!isFlowJob(job)) return undefined;
  const modules = (job.flowStatus?.modules ?? []).map((module): Json => ({ ...module }));
  const waiting = (job.flowStatus?.modules ?? []).findIndex(({ type }) => type !== "Success");
  return {
    step: waiting === -1 ? modules.length : waiting,
    modules,
    user_states: job.userStates ?? {},
    failure_module: { type: "WaitingForPriorSteps", id: "failure" },
  };
}
