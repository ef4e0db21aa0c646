import { loadFlow } from "../engine/load_flow.ts";
import type { JsonObject } from "../json.ts";
import type { Job } from "./job.ts";
import type { JobService } from "./job_service.ts";
import { loadScript } from "./script_catalog.ts";

export interface Runnable {
  kind: "flow" | "script";
  path: string;
  args: JsonObject;
}

/**
 * Queues a script or flow of the repository. Throws FlowNotFound, ScriptNotFound,
 * UnsupportedFlow or UnsupportedScript before there is a job.
 */
export function startRunnable(
  { repositoryRoot, jobs }: { repositoryRoot: string; jobs: JobService },
  { kind, path, args }: Runnable,
  options: Partial<Job> = {},
): Job {
  const load = kind === "flow" ? loadFlow : loadScript;
  const { tag } = load(repositoryRoot, path);
  return jobs.enqueue({ ...(tag === undefined ? {} : { tag }), ...options, kind, path, args });
}
