import type { ModuleOf } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import { evaluatePredicate, scopeOf } from "./module_jobs.ts";
import type { ModuleOutcome } from "./outcome.ts";

/** The first branch whose predicate holds, or the default; its result is the module's. */
export async function runBranchOne(
  stepId: string,
  value: ModuleOf<"branchone">,
  run: FlowRun,
): Promise<ModuleOutcome> {
  const scope = scopeOf(run, { result: run.previousResult });
  const chosen = value.branches.findIndex(({ expr }) => evaluatePredicate(expr, run, scope));
  const name = chosen === -1 ? "default" : String(chosen);
  const branch = await run.runInner(value.branches[chosen]?.modules ?? value.default, {
    stepId,
    path: `${run.host.flowPath}/branchone-${name}`,
    args: run.flowInput,
  });
  return {
    jobId: branch.jobId,
    result: branch.result,
    success: branch.success && !branch.handled,
    canceled: branch.canceled,
    handled: branch.handled,
    ...(branch.stoppedEarly === undefined ? {} : { stop: branch.stoppedEarly }),
  };
}
