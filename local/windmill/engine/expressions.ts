import {
  getQuickJS,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from "quickjs-emscripten";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/** Windmill: windmill-jseval, 20 s an evaluation and QUICKJS_MEMORY_LIMIT_MB = 128. */
const TIMEOUT_MS = 20_000;
const MEMORY_LIMIT_BYTES = 128 * 1024 * 1024;

/** What a flow's expression can name. */
export interface ExpressionScope {
  flow_input: JsonObject;
  /** Results of finished steps by id; an id that is missing here reads as null. */
  results: JsonObject;
  previous_result?: Json;
  flow_env?: JsonObject;
  /** `result`, `all_iters`, `flow_job_id`, `started_at`: only where Windmill defines them. */
  extra?: JsonObject;
}

/** `variable()`, `resource()` and `flow_user_state()` inside an expression. */
export interface ExpressionLookups {
  variable(path: string): Json;
  resource(path: string): Json;
  flowUserState(key: string): Json;
}

export class ExpressionFailed extends Error {
  readonly expression: string;

  constructor(expression: string, problem: string) {
    super(`Error during isolated evaluation of expression \`${expression}\`:\n${problem}`);
    // Windmill's name for what a flow's expression throws (Error::ExecutionErr).
    this.name = "ExecutionErr";
    this.expression = expression;
  }
}

export type Evaluate = (expression: string, scope: ExpressionScope) => Json;

/** An evaluator with a fresh QuickJS context for every expression: no Node, no fetch, no clock kept. */
export async function createEvaluator(
  lookups: ExpressionLookups,
  timeoutMs = TIMEOUT_MS,
): Promise<Evaluate> {
  const quickjs = await getQuickJS();
  return (expression, scope) => {
    const simple = readSimpleResult(expression, scope.results);
    if (simple !== undefined) return simple;
    return evaluateInQuickJs(quickjs, expression, scope, lookups, timeoutMs);
  };
}

/** Windmill reads `results.a.b[0]` in SQL, where a missing part is null instead of a TypeError. */
function readSimpleResult(expression: string, results: JsonObject): Json | undefined {
  const match = /^results((?:\??\.[A-Za-z_]\w*|\[\d+\])+)$/.exec(expression.trim());
  if (!match?.[1]) return undefined;
  let value: Json = results;
  for (const part of match[1].match(/[A-Za-z_]\w*|\d+/g) ?? []) {
    if (Array.isArray(value)) value = value[Number(part)] ?? null;
    else if (isJsonObject(value) && Object.hasOwn(value, part)) value = value[part] ?? null;
    else return null;
  }
  return value;
}

function evaluateInQuickJs(
  quickjs: QuickJSWASMModule,
  expression: string,
  scope: ExpressionScope,
  lookups: ExpressionLookups,
  timeoutMs: number,
): Json {
  const runtime = quickjs.newRuntime();
  const deadline = Date.now() + timeoutMs;
  runtime.setMemoryLimit(MEMORY_LIMIT_BYTES);
  runtime.setInterruptHandler(() => Date.now() > deadline);
  const context = runtime.newContext();
  try {
    installLookups(context, lookups);
    const promise = unwrap(context, expression, context.evalCode(programFor(expression, scope)));
    const jobs = runtime.executePendingJobs();
    if (jobs.error) throw new ExpressionFailed(expression, describe(context, jobs.error));
    return readPromise(context, expression, promise);
  } finally {
    context.dispose();
    runtime.dispose();
  }
}

function readPromise(context: QuickJSContext, expression: string, promise: QuickJSHandle): Json {
  using handle = promise;
  const state = context.getPromiseState(handle);
  switch (state.type) {
    case "fulfilled": {
      using value = state.value;
      return JSON.parse(context.getString(value)) as Json;
    }
    case "rejected":
      throw new ExpressionFailed(expression, describe(context, state.error));
    case "pending":
      throw new ExpressionFailed(expression, "it waits for a promise that nothing resolves");
  }
}

/** A single expression is returned; several statements are a function body that must `return`. */
function programFor(expression: string, scope: ExpressionScope): string {
  const trimmed = expression.trim().replace(/;+$/, "");
  const isBody = trimmed.includes(";") && /\breturn\b/.test(trimmed);
  const body = isBody ? trimmed : `return ${trimmed}\n`;
  const globals = {
    params: {},
    flow_env: {},
    resume: null,
    resumes: [],
    approvers: [],
    ...scope,
    ...scope.extra,
    error: errorOf(scope.previous_result) ?? null,
  };
  const { results, extra: _, ...others } = globals;
  return `
    Object.assign(globalThis, ${JSON.stringify(others)});
    globalThis.results = new Proxy(${JSON.stringify(results)}, {
      get: (target, id) => (Object.hasOwn(target, id) ? target[id] : null),
    });
    (async () => { ${body} })().then((value) => JSON.stringify(value ?? null) ?? "null");`;
}

/**
 * `error` is the error of the previous result; when that is a branchall's array, the one
 * error in it or all of them as MultipleErrors (Windmill: windmill-jseval lib.rs, line 495).
 */
export function errorOf(previousResult: Json | undefined): Json | undefined {
  if (!Array.isArray(previousResult)) {
    return isJsonObject(previousResult) ? previousResult.error : undefined;
  }
  const errors = previousResult.flatMap((item) =>
    isJsonObject(item) && item.error !== undefined ? [item.error] : [],
  );
  if (errors.length <= 1) return errors[0];
  return { name: "MultipleErrors", message: "Multiple errors occurred", errors };
}

function installLookups(context: QuickJSContext, lookups: ExpressionLookups): void {
  const functions = {
    variable: lookups.variable,
    resource: lookups.resource,
    flow_user_state: lookups.flowUserState,
  };
  for (const [name, lookUp] of Object.entries(functions)) {
    using handle = context.newFunction(name, (argument) => {
      const found = lookUp(context.getString(argument));
      return unwrap(context, name, context.evalCode(`(${JSON.stringify(found)})`));
    });
    context.setProp(context.global, name, handle);
  }
}

function unwrap(
  context: QuickJSContext,
  expression: string,
  outcome: ReturnType<QuickJSContext["evalCode"]>,
): QuickJSHandle {
  if (outcome.error) throw new ExpressionFailed(expression, describe(context, outcome.error));
  return outcome.value;
}

function describe(context: QuickJSContext, error: QuickJSHandle): string {
  using handle = error;
  const dumped: unknown = context.dump(handle);
  if (typeof dumped === "object" && dumped !== null && "message" in dumped) {
    return `${"name" in dumped ? String(dumped.name) : "Error"}: ${String(dumped.message)}`;
  }
  return String(dumped);
}
