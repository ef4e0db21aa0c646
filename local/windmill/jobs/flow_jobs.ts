import { createEvaluator, type Evaluate } from "../engine/expressions.ts";
import type { FlowValue } from "../engine/flow_definition.ts";
import type { ChildFlow, FlowHost, StepJob } from "../engine/flow_host.ts";
import { runFlow } from "../engine/flow_runner.ts";
import { loadFlow } from "../engine/load_flow.ts";
import { endedFlow, type FlowOutcome, failure, type JobOutcome } from "../engine/outcome.ts";
import type { Json } from "../json.ts";
import type { WorkspaceValues } from "../workspace_values.ts";
import type { Job } from "./job.ts";
import type { JobEnd, JobService, NewJob } from "./job_service.ts";

interface FlowJobsOptions {
  repositoryRoot: string;
  jobs: JobService;
  values: WorkspaceValues;
}

/** Runs flow jobs: the engine's host, whose every step is a job of the service. */
export class FlowJobs {
  readonly #options: FlowJobsOptions;

  constructor(options: FlowJobsOptions) {
    this.#options = options;
  }

  /** A flow by its path, from the repository as it is now. */
  async run(job: Job): Promise<JobEnd> {
    const { repositoryRoot } = this.#options;
    const outcome = await this.#runWith(
      job,
      loadFlow(repositoryRoot, job.path).value,
      (host, value) => runFlow(value, host, job.args),
    );
    return endOf(outcome);
  }

  async #runWith(
    job: Job,
    value: FlowValue,
    run: (host: FlowHost, value: FlowValue) => Promise<FlowOutcome>,
  ): Promise<FlowOutcome> {
    const { jobs } = this.#options;
    const signal = jobs.signalOf(job.id);
    const begun = jobs.begin(job.id);
    const host: FlowHost = {
      jobId: job.id,
      flowPath: job.path,
      startedAt: new Date(begun.startedAt ?? begun.createdAt),
      evaluate: await this.#evaluator(job),
      runJob: (step) => this.#runStep(job, step),
      runFlowJob: (child, runChild) => this.#runChild(job, child, runChild),
      wait: (milliseconds) => wait(milliseconds, signal),
      random: Math.random,
      cancellation: () => this.#cancellation(job.id, signal),
      report: (modules) => {
        jobs.store.update(job.id, { flowStatus: { modules: [...modules] } });
      },
    };
    return run(host, value);
  }

  #evaluator(job: Job): Promise<Evaluate> {
    const { values, jobs } = this.#options;
    return createEvaluator({
      variable: (path) => values.variable(path),
      resource: (path) => values.resource(path),
      flowUserState: (key): Json =>
        jobs.store.get(job.rootJob ?? job.id)?.userStates?.[key] ?? null,
    });
  }

  async #runStep(parent: Job, step: StepJob): Promise<JobOutcome> {
    const { jobs } = this.#options;
    if (step.kind === "script" || step.kind === "rawscript") {
      const { id } = jobs.enqueue({
        ...this.#childOf(parent, step.stepId),
        ...scriptJob(parent, step),
      });
      const end = await jobs.completion(id);
      return {
        jobId: id,
        success: end.state === "success",
        result: end.result,
        unrecoverable: end.unrecoverable ?? false,
        canceled: end.state === "canceled",
      };
    }
    const success = step.kind === "identity";
    const { id } = jobs.record({
      ...this.#childOf(parent, step.stepId),
      kind: "identity",
      path: `${parent.path}/${step.stepId}`,
      args: {},
    });
    jobs.begin(id);
    jobs.end(id, { state: success ? "success" : "failure", result: step.result });
    return { jobId: id, success, result: step.result };
  }

  async #runChild(
    parent: Job,
    child: ChildFlow,
    run: (host: FlowHost, value: FlowValue) => Promise<FlowOutcome>,
  ): Promise<FlowOutcome & { jobId: string }> {
    const { jobs, repositoryRoot } = this.#options;
    const job = jobs.record({
      ...this.#childOf(parent, child.stepId),
      kind: child.value === undefined ? "flow" : "flowpreview",
      path: child.path,
      args: child.args,
      tag: "flow",
    });
    try {
      const value = child.value ?? loadFlow(repositoryRoot, child.path).value;
      const outcome = await this.#runWith(job, value, run);
      jobs.end(job.id, endOf(outcome));
      return { ...outcome, jobId: job.id };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const result = failure(name, message);
      jobs.end(job.id, { state: "failure", result });
      return { ...endedFlow(false, result), jobId: job.id };
    }
  }

  /** A branch's steps belong to the flow around it; another flow's steps to that flow. */
  #childOf(parent: Job, stepId: string): Partial<Job> {
    const ownRoot = parent.kind === "flow";
    return {
      stepId,
      isFlowStep: true,
      parentJob: parent.id,
      rootFlowJob: ownRoot ? parent.id : (parent.rootFlowJob ?? parent.id),
      rootJob: parent.rootJob ?? parent.id,
      ...(parent.schedulePath === undefined ? {} : { schedulePath: parent.schedulePath }),
    };
  }

  #cancellation(id: string, signal: AbortSignal): { by: string; reason: string } | undefined {
    const job = this.#options.jobs.store.get(id);
    if (job?.canceledBy === undefined && !signal.aborted) return undefined;
    return {
      by: job?.canceledBy ?? "the local Windmill",
      reason: job?.canceledReason ?? "it is closing",
    };
  }
}

function scriptJob(parent: Job, step: StepJob & { kind: "script" | "rawscript" }): NewJob {
  return {
    args: step.args,
    ...(step.timeoutSeconds === undefined ? {} : { timeoutSeconds: step.timeoutSeconds }),
    ...(step.tag === undefined ? {} : { tag: step.tag }),
    ...(step.kind === "script"
      ? { kind: "script", path: step.path }
      : { kind: "preview", path: `${parent.path}/${step.stepId}`, content: step.content }),
  };
}

function endOf({ success, canceled, skipped, result }: FlowOutcome): JobEnd {
  if (canceled) return { state: "canceled", result };
  if (!success) return { state: "failure", result };
  return { state: skipped ? "skipped" : "success", result };
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
