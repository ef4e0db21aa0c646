import { withRetries } from "./attempts.ts";
import { runBranchAll } from "./branch_all.ts";
import { runBranchOne } from "./branch_one.ts";
import { ExpressionFailed } from "./expressions.ts";
import type { FlowModule, StopAfterIf } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import { runForLoop } from "./for_loop.ts";
import { evaluateArgs, evaluatePredicate, scopeOf, stepJob } from "./module_jobs.ts";
import { failure, type ModuleOutcome } from "./outcome.ts";

/** One module of a flow: skip_if, mock, its retries, then stop_after_if. */
export async function runModule(
  module: FlowModule,
  run: FlowRun,
): Promise<ModuleOutcome & { failedRetries: string[] }> {
  try {
    if (module.skip_if && evaluatePredicate(module.skip_if.expr, run, scopeOf(run))) {
      return { ...(await runIdentity(module, run)), skipped: true, failedRetries: [] };
    }
    const outcome = module.mock?.enabled
      ? { ...(await runMock(module, run)), failedRetries: [] }
      : await withRetries(module.retry, run, attemptOf(module, run));
    return { ...outcome, ...stopOf(module, run, outcome) };
  } catch (error) {
    if (!(error instanceof ExpressionFailed)) throw error;
    // Windmill: a predicate that throws fails its step, and no retry is made for it.
    const result = failure(error.name, error.message);
    return { success: false, result, unrecoverable: true, failedRetries: [] };
  }
}

/** What one attempt does. A retry uses the arguments of the failed attempt, so they are made once. */
function attemptOf(module: FlowModule, run: FlowRun): () => Promise<ModuleOutcome> {
  const { value } = module;
  switch (value.type) {
    case "branchall":
      return () => runBranchAll(module.id, value, run);
    case "branchone":
      return () => runBranchOne(module.id, value, run);
    case "forloopflow":
      return () => runForLoop(module.id, value, run, module.stop_after_if);
    case "flow": {
      const args = evaluateArgs(value.input_transforms, run, scopeOf(run));
      return () => runOtherFlow(module.id, value.path, args, run);
    }
    default: {
      const job = stepJob(module, run, scopeOf(run));
      return () => run.host.runJob(job);
    }
  }
}

/** Another flow by path. That it stopped early is its own affair (Windmill: worker_flow.rs, is_flow). */
async function runOtherFlow(
  stepId: string,
  path: string,
  args: Parameters<FlowRun["runOther"]>[0]["args"],
  run: FlowRun,
): Promise<ModuleOutcome> {
  const { jobId, success, result, canceled } = await run.runOther({ stepId, path, args });
  return { jobId, success, result, canceled };
}

function runIdentity(module: FlowModule, run: FlowRun): Promise<ModuleOutcome> {
  return run.host.runJob({ kind: "identity", stepId: module.id, result: run.previousResult });
}

function runMock(module: FlowModule, run: FlowRun): Promise<ModuleOutcome> {
  const result = module.mock?.return_value ?? null;
  return run.host.runJob({ kind: "identity", stepId: module.id, result });
}

/**
 * Whether the flow stops here. A branchall and a loop have stop_after_all_iters_if for this;
 * a sequential branch that stopped early stops its flow too.
 */
function stopOf(module: FlowModule, run: FlowRun, outcome: ModuleOutcome): Partial<ModuleOutcome> {
  if (outcome.stop) return {};
  const { value } = module;
  const overJobs = value.type === "branchall" || value.type === "forloopflow";
  const predicate = overJobs ? module.stop_after_all_iters_if : module.stop_after_if;
  if (predicate === undefined || (!outcome.success && !overJobs)) return {};
  const scope = scopeOf(
    { ...run, previousResult: outcome.result },
    { result: outcome.result, all_iters: overJobs ? outcome.result : null },
  );
  if (!evaluatePredicate(predicate.expr, run, scope)) return {};
  return stopped(predicate);
}

/** Windmill: an error message makes it a failure, unless the flow is to be marked skipped. */
function stopped(predicate: StopAfterIf): Partial<ModuleOutcome> {
  const skip = predicate.skip_if_stopped ?? false;
  if (predicate.error_message === undefined || predicate.error_message === null) {
    return { stop: { skip } };
  }
  const errorMessage = predicate.error_message || `stop after if: ${predicate.expr}`;
  return {
    stop: { skip, errorMessage },
    result: failure("EarlyStopError", errorMessage),
    success: skip,
  };
}
