import type { ModuleOf } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import type { FlowOutcome, ModuleOutcome } from "./outcome.ts";

type Branch = ModuleOf<"branchall">["branches"][number];
type BranchOutcome = FlowOutcome & { jobId: string };

/** Every branch as a flow job of its own; the result is the array of their results, in order. */
export function runBranchAll(
  stepId: string,
  value: ModuleOf<"branchall">,
  run: FlowRun,
): Promise<ModuleOutcome> {
  const start = (branch: Branch, index: number) =>
    run.runInner(branch.modules, {
      stepId,
      path: `${run.host.flowPath}/branchall-${index}`,
      args: run.flowInput,
    });
  return value.parallel
    ? runParallel(value.branches, start, run)
    : runSequential(value.branches, start);
}

type StartBranch = (branch: Branch, index: number) => Promise<BranchOutcome>;

/**
 * Windmill: worker_flow.rs 948-1035. All branches end; the module succeeds when every branch
 * without skip_failure did. A branch whose handler returned `{recover: true}` counts as a
 * success, and a branch that stopped early stops only itself.
 */
async function runParallel(
  branches: Branch[],
  start: StartBranch,
  run: FlowRun,
): Promise<ModuleOutcome> {
  const outcomes = await Promise.all(branches.map(start));
  const success = outcomes.every((outcome, i) => outcome.success || branches[i]?.skip_failure);
  return {
    ...collected(outcomes),
    success,
    handled: !success && run.flow.failure_module !== undefined,
  };
}

/** Stops at the first branch that fails without skip_failure, or that stopped early. */
async function runSequential(branches: Branch[], start: StartBranch): Promise<ModuleOutcome> {
  const outcomes: BranchOutcome[] = [];
  for (const [index, branch] of branches.entries()) {
    const outcome = await start(branch, index);
    outcomes.push(outcome);
    // A handler ran: for the flow around it the branch failed, recovered or not.
    const success = outcome.success && !outcome.handled;
    const passes = success || branch.skip_failure;
    if (outcome.stoppedEarly || !passes) {
      const stop = outcome.stoppedEarly === undefined ? {} : { stop: outcome.stoppedEarly };
      return { ...collected(outcomes), ...stop, success: passes, handled: outcome.handled };
    }
  }
  return { ...collected(outcomes), success: true };
}

function collected(outcomes: BranchOutcome[]): Omit<ModuleOutcome, "success"> {
  return {
    result: outcomes.map((outcome) => outcome.result),
    flowJobs: outcomes.map((outcome) => outcome.jobId),
    canceled: outcomes.some((outcome) => outcome.canceled),
  };
}
