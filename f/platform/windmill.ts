import * as wmill from "windmill-client";

/** Windmill refused to start a job. */
export class JobNotStartedError extends Error {
  override readonly name = "JobNotStartedError";
  readonly path: string;
  /** what Windmill said instead of a job id */
  readonly answer: string;

  constructor(path: string, answer: string) {
    super(`Windmill did not start ${path}: ${answer.slice(0, 500)}`);
    this.path = path;
    this.answer = answer;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Starts a flow without waiting for it and returns its job id. Throws JobNotStartedError. */
export async function startFlow(
  path: string,
  args: Readonly<Record<string, unknown>>,
): Promise<string> {
  return jobId(path, await wmill.runFlowAsync(path, args));
}

/** Starts a script without waiting for it and returns its job id. Throws JobNotStartedError. */
export async function startScript(
  path: string,
  args: Readonly<Record<string, unknown>>,
): Promise<string> {
  return jobId(path, await wmill.runScriptByPathAsync(path, args));
}

/** windmill-client 1.818 does not look at the HTTP status: an error's text comes back as the job id. */
function jobId(path: string, answer: string): string {
  const id = answer.trim();
  if (!UUID.test(id)) throw new JobNotStartedError(path, answer);
  return id;
}

/** No job id in the environment: this does not run in Windmill. */
export class NoJobError extends Error {
  override readonly name = "NoJobError";

  constructor() {
    super("Neither WM_ROOT_FLOW_JOB_ID nor WM_JOB_ID is set: a step has to run as a Windmill job.");
  }
}

/** The flow run that this job belongs to, also from inside a branch; a script started alone is its own. */
export function ownFlowJobId(env: NodeJS.ProcessEnv = process.env): string {
  const id = env.WM_ROOT_FLOW_JOB_ID || env.WM_FLOW_JOB_ID || env.WM_JOB_ID;
  if (!id) throw new NoJobError();
  return id;
}

/** Removes a variable of this job's workspace. */
export async function deleteVariable(path: string): Promise<void> {
  await wmill.VariableService.deleteVariable({ workspace: process.env.WM_WORKSPACE ?? "", path });
}
