import { createEvaluator, ExpressionFailed } from "../../local/windmill/engine/expressions.ts";
import { flowValueSchema } from "../../local/windmill/engine/flow_definition.ts";
import type { ChildFlow, FlowHost, StepJob } from "../../local/windmill/engine/flow_host.ts";
import { runFlow } from "../../local/windmill/engine/flow_runner.ts";
import type { FlowOutcome, JobOutcome } from "../../local/windmill/engine/outcome.ts";
import type { Json, JsonObject } from "../../local/windmill/json.ts";

/** A script of a test: returns, throws an Error as a Bun script would, or throws an outcome. */
export type FakeScript = (args: JsonObject) => Json | Promise<Json>;

/** Thrown by a fake script whose process died instead of failing. */
export class Crash extends Error {}

export interface EngineRun {
  outcome: FlowOutcome;
  /** Script steps in the order in which they started. */
  calls: { step: string; args: JsonObject }[];
  /** Steps that were skipped or mocked, and flow jobs by path. */
  identities: string[];
  flowJobs: string[];
  /** Every wait between attempts and after a sleep, in milliseconds. */
  waits: number[];
}

export interface EngineOptions {
  /** What each step does; the key is the script's path without `f/t/`. */
  scripts?: Record<string, FakeScript>;
  /** Other flows by path. */
  flows?: Record<string, unknown>;
  input?: JsonObject;
  random?: () => number;
  /** Cancels the flow when this step has ended. */
  cancelAfter?: string;
}

/** A script step of a test's flow. */
export function step(id: string, inputs: Record<string, string> = {}, extra: object = {}): object {
  const transforms = Object.entries(inputs).map(([name, expr]) => [
    name,
    { type: "javascript", expr },
  ]);
  const value = {
    type: "script",
    path: `f/t/${id}`,
    input_transforms: Object.fromEntries(transforms),
  };
  return { id, value, ...extra };
}

/** Runs a flow with steps that are functions of this process, and time that does not pass. */
export async function runTestFlow(flow: unknown, options: EngineOptions = {}): Promise<EngineRun> {
  const run: Omit<EngineRun, "outcome"> = { calls: [], identities: [], flowJobs: [], waits: [] };
  const host = await makeHost("f/t/flow", "flow-job", run, options, { canceled: false });
  const input = options.input ?? {};
  const outcome = await runFlow(flowValueSchema.parse(flow), host, input);
  return { ...run, outcome };
}

async function makeHost(
  flowPath: string,
  jobId: string,
  run: Omit<EngineRun, "outcome">,
  options: EngineOptions,
  state: { canceled: boolean },
): Promise<FlowHost> {
  return {
    jobId,
    flowPath,
    startedAt: new Date("2026-01-01T00:00:00Z"),
    evaluate: await createEvaluator({
      variable: (path) => `value of ${path}`,
      resource: (path) => ({ path }),
      flowUserState: () => null,
    }),
    runJob: async (job) => {
      const outcome = await runStep(job, run, options);
      if (job.stepId === options.cancelAfter) state.canceled = true;
      return outcome;
    },
    runFlowJob: async (child: ChildFlow, runChild) => {
      run.flowJobs.push(child.path);
      const value = child.value ?? flowValueSchema.parse(options.flows?.[child.path]);
      const inner = await makeHost(child.path, child.path, run, options, state);
      return { ...(await runChild(inner, value)), jobId: child.path };
    },
    wait: async (milliseconds) => {
      run.waits.push(milliseconds);
    },
    random: options.random ?? (() => 0.5),
    cancellation: () => (state.canceled ? { by: "admin", reason: "enough" } : undefined),
    report: () => undefined,
  };
}

async function runStep(
  job: StepJob,
  run: Omit<EngineRun, "outcome">,
  options: EngineOptions,
): Promise<JobOutcome> {
  const jobId = `${job.stepId}-job`;
  if (job.kind === "identity" || job.kind === "failed") {
    run.identities.push(job.stepId);
    return { jobId, success: job.kind === "identity", result: job.result };
  }
  run.calls.push({ step: job.stepId, args: job.args });
  const name = job.kind === "script" ? job.path.replace("f/t/", "") : job.stepId;
  try {
    const result = (await options.scripts?.[name]?.(job.args)) ?? null;
    return { jobId, success: true, result };
  } catch (error) {
    if (error instanceof ExpressionFailed || !(error instanceof Error)) throw error;
    const { name: errorName, message } = error;
    const result = { error: { name: errorName, message, step_id: job.stepId } };
    return { jobId, success: false, result, unrecoverable: error instanceof Crash };
  }
}

/** A fake script that fails its first `times` runs with an error of that name. */
export function failing(times: number, name = "Error", then: Json = "done"): FakeScript {
  let runs = 0;
  return () => {
    runs += 1;
    if (runs > times) return then;
    throw Object.assign(new Error(`failure ${runs}`), { name });
  };
}
