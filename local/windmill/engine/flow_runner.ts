import type { JsonObject } from "../json.ts";
import { runFailureModule } from "./failure_module.ts";
import type { FlowModule, FlowValue } from "./flow_definition.ts";
import type { FlowHost, FlowRun, ModuleStatus } from "./flow_host.ts";
import { evaluatePredicate, evaluateTransform, scopeOf } from "./module_jobs.ts";
import { canceledResult, endedFlow, type FlowOutcome, type ModuleOutcome } from "./outcome.ts";
import { runModule } from "./run_module.ts";

/** Runs a flow to its end as Windmill does (backend/windmill-worker/src/worker_flow.rs). */
export async function runFlow(
  flow: FlowValue,
  host: FlowHost,
  flowInput: JsonObject,
  outerResults: JsonObject = {},
): Promise<FlowOutcome> {
  // The first step's previous_result is the flow's input.
  const run = makeRun(flow, host, flowInput, { ...outerResults });
  if (flow.skip_expr !== undefined && evaluatePredicate(flow.skip_expr, run, scopeOf(run))) {
    return { ...endedFlow(true, "stopped early"), skipped: true, stoppedEarly: { skip: true } };
  }
  const status = flow.modules.map(({ id }): ModuleStatus => ({ id, type: "WaitingForPriorSteps" }));
  for (const [index, module] of flow.modules.entries()) {
    await sleepBefore(flow.modules[index - 1], run);
    if (host.cancellation()) break;
    status[index] = { id: module.id, type: "InProgress" };
    host.report(status);
    const outcome = await runModule(module, run);
    status[index] = statusOf(module, outcome);
    host.report(status);
    run.results[module.id] = outcome.result;
    const end = await endAfter(module, outcome, run);
    if (end) return end;
    run.previousResult = outcome.result;
  }
  return canceledOutcome(host) ?? endedFlow(true, run.previousResult);
}

/** The flow's end, when this module was where it ends. */
async function endAfter(
  module: FlowModule,
  outcome: ModuleOutcome,
  run: FlowRun,
): Promise<FlowOutcome | undefined> {
  const canceled = canceledOutcome(run.host);
  if (canceled) return canceled;
  if (outcome.canceled) return { ...endedFlow(false, outcome.result), canceled: true };
  const { stop, result, success } = outcome;
  if (stop && (success || stop.errorMessage === undefined || !run.flow.failure_module)) {
    const skipped = stop.skip;
    const handled = outcome.handled ?? false;
    return { ...endedFlow(success, result), skipped, stoppedEarly: { skip: stop.skip }, handled };
  }
  if (success || (module.continue_on_error && !outcome.unrecoverable)) return undefined;
  if (outcome.handled || !run.flow.failure_module) {
    return { ...endedFlow(false, result), handled: outcome.handled ?? false };
  }
  return runFailureModule(run.flow.failure_module, run, result);
}

function makeRun(
  flow: FlowValue,
  host: FlowHost,
  flowInput: JsonObject,
  results: JsonObject,
): FlowRun {
  const run: FlowRun = {
    host,
    flow,
    flowInput,
    results,
    previousResult: flowInput,
    /** A branch or an iteration carries a copy of the flow's handler (Windmill: payload_from_modules). */
    runInner: (modules, child) =>
      host.runFlowJob({ ...child, value: innerFlow(flow, modules) }, (inner, value) =>
        runFlow(value, inner, child.args, run.results),
      ),
    runOther: (child) =>
      host.runFlowJob(child, (inner, value) => runFlow(value, inner, child.args)),
  };
  return run;
}

function innerFlow({ failure_module, flow_env }: FlowValue, modules: FlowModule[]): FlowValue {
  return {
    modules,
    ...(failure_module === undefined ? {} : { failure_module }),
    ...(flow_env === undefined ? {} : { flow_env }),
  };
}

/** `sleep` on a module delays the one after it, in seconds. */
async function sleepBefore(previous: FlowModule | undefined, run: FlowRun): Promise<void> {
  if (previous?.sleep === undefined) return;
  const scope = scopeOf(run, { result: run.previousResult });
  const seconds = evaluateTransform(previous.sleep, run, scope);
  if (typeof seconds === "number") await run.host.wait(seconds * 1000);
}

function canceledOutcome(host: FlowHost): FlowOutcome | undefined {
  const cancellation = host.cancellation();
  if (cancellation === undefined) return undefined;
  const result = canceledResult(cancellation.by, cancellation.reason);
  return { ...endedFlow(false, result), canceled: true };
}

function statusOf(
  { id }: FlowModule,
  outcome: ModuleOutcome & { failedRetries: string[] },
): ModuleStatus {
  return {
    id,
    type: outcome.success ? "Success" : "Failure",
    ...(outcome.jobId === undefined ? {} : { job: outcome.jobId }),
    ...(outcome.flowJobs === undefined ? {} : { flow_jobs: outcome.flowJobs }),
    ...(outcome.failedRetries.length === 0 ? {} : { failed_retries: outcome.failedRetries }),
    ...(outcome.skipped ? { skipped: true } : {}),
  };
}
