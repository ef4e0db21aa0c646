import type { Json, JsonObject } from "../json.ts";
import { ExpressionFailed } from "./expressions.ts";
import type { ModuleOf, StopAfterIf } from "./flow_definition.ts";
import type { FlowRun } from "./flow_host.ts";
import { evaluatePredicate, evaluateTransform, scopeOf } from "./module_jobs.ts";
import type { FlowOutcome, ModuleOutcome } from "./outcome.ts";

type Iteration = FlowOutcome & { jobId: string };

/** One flow job for every item, which sees it as `flow_input.iter.{index, value}`. */
export async function runForLoop(
  stepId: string,
  value: ModuleOf<"forloopflow">,
  run: FlowRun,
  stopAfterIf: StopAfterIf | undefined,
): Promise<ModuleOutcome> {
  const items = itemsOf(value, run);
  const start = (item: Json, index: number) =>
    run.runInner(value.modules, {
      stepId,
      path: `${run.host.flowPath}/forloop-${index}`,
      args: withIteration(run.flowInput, { index, value: item }),
    });
  const iterations = value.parallel
    ? await inParallel(items, value.parallelism ?? items.length, start)
    : await oneByOne(items, value.skip_failures, start, (iterations) =>
        breaksAfter(iterations, stopAfterIf, run),
      );
  // In a parallel loop the stored status counts; one by one, a handled failure stays a failure.
  const failed = iterations.some(
    ({ success, handled }) => !success || (handled && !value.parallel),
  );
  const success = value.skip_failures || !failed;
  return {
    success,
    result: iterations.map((iteration) => iteration.result),
    flowJobs: iterations.map((iteration) => iteration.jobId),
    canceled: iterations.some((iteration) => iteration.canceled),
    handled: !success && run.flow.failure_module !== undefined,
  };
}

function itemsOf(value: ModuleOf<"forloopflow">, run: FlowRun): Json[] {
  const scope = scopeOf(run, { result: run.previousResult });
  const items = evaluateTransform(value.iterator, run, scope);
  if (Array.isArray(items)) return items;
  const source = value.iterator.type === "javascript" ? value.iterator.expr : "static iterator";
  throw new ExpressionFailed(
    source,
    `Expected an array value in the iterator, found: ${JSON.stringify(items)}`,
  );
}

/** The iteration of an outer loop stays visible as iter_parent (Windmill: insert_iter_arg). */
function withIteration(flowInput: JsonObject, iteration: JsonObject): JsonObject {
  const args = { ...flowInput };
  let displaced: Json | undefined = iteration;
  for (let name = "iter"; displaced !== undefined; name = `${name}_parent`) {
    const previous: Json | undefined = args[name];
    args[name] = displaced;
    displaced = previous;
  }
  return args;
}

type StartIteration = (item: Json, index: number) => Promise<Iteration>;

/** A stop_after_if, the loop's own or one inside an iteration, breaks the loop and nothing else. */
async function oneByOne(
  items: Json[],
  skipFailures: boolean,
  start: StartIteration,
  breaks: (iterations: Iteration[]) => boolean,
): Promise<Iteration[]> {
  const iterations: Iteration[] = [];
  for (const [index, item] of items.entries()) {
    const iteration = await start(item, index);
    iterations.push(iteration);
    const success = iteration.success && !iteration.handled;
    if (iteration.stoppedEarly || iteration.canceled || !(success || skipFailures)) break;
    if (success && breaks(iterations)) break;
  }
  return iterations;
}

/** The loop's stop_after_if sees the iteration's result, and all until now as all_iters. */
function breaksAfter(
  iterations: Iteration[],
  stopAfterIf: StopAfterIf | undefined,
  run: FlowRun,
): boolean {
  if (stopAfterIf === undefined) return false;
  const all_iters = iterations.map(({ result }) => result);
  const result = all_iters.at(-1) ?? null;
  const scope = scopeOf({ ...run, previousResult: result }, { result, all_iters });
  return evaluatePredicate(stopAfterIf.expr, run, scope);
}

async function inParallel(
  items: Json[],
  parallelism: number,
  start: StartIteration,
): Promise<Iteration[]> {
  const iterations: Iteration[] = [];
  const queue = items.entries();
  const takeOver = async () => {
    for (const [index, item] of queue) iterations[index] = await start(item, index);
  };
  await Promise.all(Array.from({ length: parallelism }, takeOver));
  return iterations;
}
