import type { Retry } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import { evaluatePredicate, scopeOf } from "./module_jobs.ts";
import type { ModuleOutcome } from "./outcome.ts";
import { retryDelaySeconds } from "./retry.ts";

/**
 * Runs a module until it succeeds or its retry policy is used up. `retry_if` sees the
 * failed result and the flow's input, but not `results` (Windmill: evaluate_retry passes no
 * by_id). A crash of the worker's process is not retried.
 */
export async function withRetries(
  retry: Retry | undefined,
  run: FlowRun,
  attempt: () => Promise<ModuleOutcome>,
): Promise<ModuleOutcome & { failedRetries: string[] }> {
  const failedRetries: string[] = [];
  for (let failures = 1; ; failures += 1) {
    const outcome = await attempt();
    if (outcome.success || outcome.unrecoverable || outcome.canceled || run.host.cancellation()) {
      return { ...outcome, failedRetries };
    }
    const seconds = retryDelaySeconds(retry, failures, run.host.random);
    if (seconds === undefined || !mayRetry(retry, run, outcome))
      return { ...outcome, failedRetries };
    if (outcome.jobId !== undefined) failedRetries.push(outcome.jobId);
    await run.host.wait(seconds * 1000);
    if (run.host.cancellation()) return { ...outcome, failedRetries };
  }
}

function mayRetry(retry: Retry | undefined, run: FlowRun, outcome: ModuleOutcome): boolean {
  if (retry?.retry_if === undefined) return true;
  const scope = scopeOf(
    { ...run, results: {}, previousResult: outcome.result },
    { result: outcome.result },
  );
  return evaluatePredicate(retry.retry_if.expr, run, scope);
}
