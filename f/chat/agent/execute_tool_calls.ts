import type { ToolCall } from "../../platform/models.ts";
import { cutMiddle } from "./cut_middle.ts";
import { MAX_TOOL_CALLS } from "./stop_rules.ts";
import { type Tool, ToolArgumentsError, type ToolExecution, ToolRefusedError } from "./types.ts";

export const TOOL_TIMEOUT_MS = 30_000;
const MAX_AT_ONCE = 4;
/** About 3,000 tokens of English: five passages of 1,000 characters, twice. */
const MAX_RESULT_LENGTH = 12_000;

export interface ToolRun {
  /** By name, so that a name the model made up finds nothing, `constructor` included. */
  readonly tools: ReadonlyMap<string, Tool>;
  readonly earlier: readonly ToolExecution[];
  readonly signal: AbortSignal;
  readonly toolTimeoutMs: number;
  now(): number;
}

/** Runs what one model answer asked for, at most four at once, and returns one result for each call, in order. */
export async function executeToolCalls(
  calls: readonly ToolCall[],
  run: ToolRun,
): Promise<ToolExecution[]> {
  const executions: ToolExecution[] = [];
  const seen = new Set(run.earlier.map(({ toolName, args }) => keyOf(toolName, args)));
  const queue = calls.map((call, index) => {
    const planned = planCall(call, run.earlier.length + index, seen, run.tools);
    seen.add(keyOf(planned.call.name, planned.args));
    return { ...planned, index };
  });
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      executions[next.index] = await executeCall(next, run);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  return executions;
}

export function isRepetition({ status, error }: ToolExecution): boolean {
  return status === "refused" && error === REPEATED;
}

const REPEATED = "the same call was made before";

interface PlannedCall {
  readonly call: ToolCall;
  readonly callNo: number;
  readonly args: unknown;
  readonly tool: Tool | undefined;
  /** why it is not run */
  readonly refusal: { status: "error" | "refused"; why: string } | undefined;
}

function planCall(
  call: ToolCall,
  callNo: number,
  seen: ReadonlySet<string>,
  tools: ReadonlyMap<string, Tool>,
): PlannedCall {
  const tool = tools.get(call.name);
  const args = parseArguments(call.argumentsJson);
  const plan = (refusal: PlannedCall["refusal"]): PlannedCall => ({
    call,
    callNo,
    args: args.value,
    tool,
    refusal,
  });
  if (callNo >= MAX_TOOL_CALLS) {
    return plan({ status: "refused", why: `at most ${MAX_TOOL_CALLS} calls are made for a reply` });
  }
  if (!tool) {
    const known = [...tools.keys()].join(", ");
    return plan({ status: "error", why: `there is no such tool; there is: ${known || "none"}` });
  }
  if (!args.isJson) return plan({ status: "error", why: "the arguments are not JSON" });
  if (seen.has(keyOf(call.name, args.value))) return plan({ status: "refused", why: REPEATED });
  return plan(undefined);
}

function parseArguments(json: string): { isJson: boolean; value: unknown } {
  if (json.trim() === "") return { isJson: true, value: {} };
  try {
    return { isJson: true, value: JSON.parse(json) };
  } catch {
    return { isJson: false, value: { not_json: json } };
  }
}

function keyOf(name: string, args: unknown): string {
  return JSON.stringify([name, args]);
}

/** The one place that catches a tool's failure: it becomes a result that the model reads. */
async function executeCall(planned: PlannedCall, run: ToolRun): Promise<ToolExecution> {
  const { call, callNo, args, tool, refusal } = planned;
  const startedAt = run.now();
  const finish = (
    status: ToolExecution["status"],
    result: string,
    rest: Partial<Pick<ToolExecution, "error" | "sources" | "handOver">> = {},
  ): ToolExecution => ({
    callNo,
    toolName: call.name,
    integrationId: tool?.integrationId ?? null,
    args,
    status,
    result: cutMiddle(result, MAX_RESULT_LENGTH),
    error: rest.error ?? null,
    durationMs: Math.round(run.now() - startedAt),
    sources: rest.sources ?? [],
    handOver: rest.handOver,
  });
  if (refusal || !tool) {
    const why = refusal?.why ?? "there is no such tool";
    return finish(refusal?.status ?? "error", errorForModel(why), { error: why });
  }
  const timeout = AbortSignal.timeout(run.toolTimeoutMs);
  try {
    const signal = AbortSignal.any([timeout, run.signal]);
    const result = await untilAborted(tool.run(args, signal), signal);
    return finish("ok", result.text, { sources: result.sources, handOver: result.handOver });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ToolArgumentsError) {
      return finish("error", errorForModel(message), { error: message });
    }
    if (error instanceof ToolRefusedError) {
      return finish("refused", errorForModel(message), { error: message });
    }
    if (timeout.aborted || run.signal.aborted) {
      return finish("timeout", errorForModel("the tool took too long"), { error: message });
    }
    // our addresses and internals are in the message: it is for the operator and not for the model
    return finish("error", errorForModel("the tool is out of order"), { error: message });
  }
}

function errorForModel(what: string): string {
  return JSON.stringify({ error: what });
}

/** A tool that ignores its signal must not hold the turn up. */
export function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
