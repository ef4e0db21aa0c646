import { isJsonObject, type Json } from "../json.ts";
import { withRetries } from "./attempts.ts";
import type { FailureModule } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import { scopeOf, stepJob } from "./module_jobs.ts";
import { endedFlow, type FlowOutcome } from "./outcome.ts";

/**
 * Runs a flow's handler after a failed step. What it returns becomes the flow's result, and
 * the flow stays failed unless that is `{recover: true, …}` (Windmill: result_has_recover_true).
 */
export async function runFailureModule(
  module: FailureModule,
  run: FlowRun,
  failed: Json,
): Promise<FlowOutcome> {
  const inHandler = { ...run, previousResult: failed };
  const scope = scopeOf(inHandler, {
    started_at: run.host.startedAt.toISOString(),
    flow_job_id: run.host.jobId,
  });
  const job = stepJob({ ...module, id: "failure" }, inHandler, scope);
  const outcome = await withRetries(module.retry, inHandler, () => run.host.runJob(job));
  const recovered = isJsonObject(outcome.result) && outcome.result.recover === true;
  return {
    ...endedFlow(outcome.success && recovered, outcome.result),
    canceled: outcome.canceled ?? false,
    handled: true,
  };
}
