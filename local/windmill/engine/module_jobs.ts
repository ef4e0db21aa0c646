import type { Json, JsonObject } from "../json.ts";
import { ExpressionFailed, type ExpressionScope } from "./expressions.ts";
import type { FailureModule, FlowModule, InputTransform } from "./flow_definition.ts";
import type { FlowRun, StepJob } from "./flow_host.ts";
import { failure } from "./outcome.ts";

type LeafModule = FailureModule | FlowModule;

export function scopeOf(run: FlowRun, extra: JsonObject = {}): ExpressionScope {
  return {
    flow_input: run.flowInput,
    results: run.results,
    previous_result: run.previousResult,
    ...(run.flow.flow_env === undefined ? {} : { flow_env: run.flow.flow_env }),
    extra,
  };
}

export function evaluateTransform(
  transform: InputTransform,
  run: FlowRun,
  scope: ExpressionScope,
): Json {
  return transform.type === "static"
    ? (transform.value ?? null)
    : run.host.evaluate(transform.expr, scope);
}

/** Windmill evaluates every predicate as `Boolean(expr)` (worker_flow.rs, compute_bool_from_expr). */
export function evaluatePredicate(expr: string, run: FlowRun, scope: ExpressionScope): boolean {
  return run.host.evaluate(`Boolean(${expr})`, scope) === true;
}

export function evaluateArgs(
  transforms: Record<string, InputTransform>,
  run: FlowRun,
  scope: ExpressionScope,
): JsonObject {
  return Object.fromEntries(
    Object.entries(transforms).map(([name, transform]) => [
      name,
      evaluateTransform(transform, run, scope),
    ]),
  );
}

/**
 * The job of a script step. Transforms that throw make a job that fails with their error,
 * so that the failure shows where it happened (Windmill: push_next_flow_job).
 */
export function stepJob(module: LeafModule, run: FlowRun, scope: ExpressionScope): StepJob {
  const { value, id: stepId } = module;
  if (value.type !== "script" && value.type !== "rawscript") {
    return { kind: "identity", stepId, result: run.previousResult };
  }
  try {
    const args = evaluateArgs(value.input_transforms, run, scope);
    const timeoutSeconds = timeoutOf(module, run, scope);
    const limits = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    if (value.type === "rawscript") {
      const tag = value.tag === undefined ? {} : { tag: value.tag };
      return { kind: "rawscript", stepId, content: value.content, args, ...limits, ...tag };
    }
    const tag = value.tag_override === undefined ? {} : { tag: value.tag_override };
    return { kind: "script", stepId, path: value.path, args, ...limits, ...tag };
  } catch (error) {
    if (!(error instanceof ExpressionFailed)) throw error;
    return { kind: "failed", stepId, result: failure(error.name, error.message) };
  }
}

function timeoutOf(module: LeafModule, run: FlowRun, scope: ExpressionScope): number | undefined {
  if (module.timeout === undefined) return undefined;
  const seconds =
    typeof module.timeout === "number"
      ? module.timeout
      : evaluateTransform(module.timeout, run, scope);
  return typeof seconds === "number" && seconds > 0 ? seconds : undefined;
}
