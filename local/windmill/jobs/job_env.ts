import type { Job } from "./job.ts";

/** The identity that every job runs with: there is one user here. */
export const USER = { username: "admin", email: "admin@windmill.dev", permissionedAs: "u/admin" };

export interface JobEnvContext {
  baseUrl: string;
  workspace: string;
  token: string;
  /** The path of the job's parent, when that is a flow. */
  flowPath: string | undefined;
}

/**
 * The WM_* variables of a job, all of them always set, empty where they do not apply
 * (Windmill: windmill-common variables.rs, get_reserved_variables). BASE_URL is the API that
 * windmill-client talks to; BASE_INTERNAL_URL is not set for Bun.
 */
export function reservedVariables(job: Job, context: JobEnvContext): Record<string, string> {
  return {
    WM_WORKSPACE: context.workspace,
    WM_TOKEN: context.token,
    WM_EMAIL: USER.email,
    WM_USERNAME: USER.username,
    WM_BASE_URL: context.baseUrl,
    WM_JOB_ID: job.id,
    WM_SCHEDULED_FOR: job.scheduledFor,
    WM_JOB_PATH: job.path,
    WM_FLOW_JOB_ID: job.parentJob ?? "",
    WM_ROOT_FLOW_JOB_ID: job.rootFlowJob ?? "",
    WM_ROOT_JOB_ID: job.rootJob ?? job.id,
    WM_FLOW_PATH: context.flowPath ?? "",
    WM_FLOW_STEP_ID: job.stepId ?? "",
    WM_SCHEDULE_PATH: job.schedulePath ?? "",
    WM_PERMISSIONED_AS: USER.permissionedAs,
    WM_STATE_PATH: statePath(job, context),
    WM_OBJECT_PATH: `${USER.permissionedAs}/${job.path}/${job.createdAt}/${job.id}`,
    WM_WORKER_GROUP: "default",
    WM_RUNNABLE_ID: "",
    WM_END_USER_EMAIL: "",
    WM_TESTED_RUNNABLE: "",
  };
}

/** The whole environment of a job's process: what the host has set is cleared otherwise. */
export function jobEnv(
  job: Job,
  context: JobEnvContext,
  host: NodeJS.ProcessEnv,
): Record<string, string> {
  return {
    ...reservedVariables(job, context),
    BASE_URL: context.baseUrl,
    PATH: host.PATH ?? "",
    HOME: host.HOME ?? "",
    TZ: host.TZ ?? "",
  };
}

function statePath(job: Job, { flowPath }: JobEnvContext): string {
  const owner = job.schedulePath ?? USER.permissionedAs;
  const runnable = flowPath === undefined ? job.path : `${flowPath}/${job.stepId ?? ""}`;
  return `${owner}/${runnable.replaceAll("/", "_")}`;
}
