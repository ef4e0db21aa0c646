import type { Json, JsonObject } from "../json.ts";
import type { Evaluate } from "./expressions.ts";
import type { FlowModule, FlowValue } from "./flow_definition.ts";
import type { FlowOutcome, JobOutcome } from "./outcome.ts";

/** A job that a step of a flow asks for. */
export type StepJob = { stepId: string } & (
  | { kind: "script"; path: string; args: JsonObject; timeoutSeconds?: number; tag?: string }
  | { kind: "rawscript"; content: string; args: JsonObject; timeoutSeconds?: number; tag?: string }
  | { kind: "identity"; result: Json }
  /** Its input transforms failed: a job that ends at once with this result. */
  | { kind: "failed"; result: Json }
);

/** A flow job that a step asks for: a branch, an iteration, or another flow by path. */
export interface ChildFlow {
  stepId: string;
  /** What the job is called: `<flow>/branchall-0`, or the other flow's path. */
  path: string;
  args: JsonObject;
  /** Undefined: the flow at `path` is loaded from the repository. */
  value?: FlowValue;
}

/** Windmill's states of a module, for the job's flow_status and the pages. */
export interface ModuleStatus {
  id: string;
  type: "WaitingForPriorSteps" | "InProgress" | "Success" | "Failure";
  job?: string;
  flow_jobs?: string[];
  failed_retries?: string[];
  skipped?: boolean;
}

/** Everything that the engine needs from outside: jobs, time, chance. */
export interface FlowHost {
  jobId: string;
  flowPath: string;
  startedAt: Date;
  evaluate: Evaluate;
  runJob(job: StepJob): Promise<JobOutcome>;
  runFlowJob(
    child: ChildFlow,
    run: (host: FlowHost, value: FlowValue) => Promise<FlowOutcome>,
  ): Promise<FlowOutcome & { jobId: string }>;
  /** Resolves early when the flow is canceled. */
  wait(milliseconds: number): Promise<void>;
  random(): number;
  cancellation(): { by: string; reason: string } | undefined;
  report(modules: ModuleStatus[], failureModule?: ModuleStatus): void;
}

/** What a module sees while its flow runs. */
export interface FlowRun {
  host: FlowHost;
  flow: FlowValue;
  flowInput: JsonObject;
  /** Results of the flow's finished steps, and of the flows around it. */
  results: JsonObject;
  previousResult: Json;
  /** Runs a branch or an iteration: modules of this flow as a flow job of their own. */
  runInner(
    modules: FlowModule[],
    child: Omit<ChildFlow, "value">,
  ): Promise<FlowOutcome & { jobId: string }>;
  /** Runs another flow of the repository. */
  runOther(child: Omit<ChildFlow, "value">): Promise<FlowOutcome & { jobId: string }>;
}
