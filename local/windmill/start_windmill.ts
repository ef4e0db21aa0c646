import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { listen } from "../listen.ts";
import { Accounts } from "./accounts.ts";
import { makeApp } from "./app.ts";
import { resolveBunBinary } from "./bun_binary.ts";
import type { WindmillContext } from "./context.ts";
import { CheckoutDeployment, PushedDeployment } from "./deployment.ts";
import { Bundler } from "./jobs/bundle.ts";
import { bundleScripts } from "./jobs/bundle_scripts.ts";
import { FlowJobs } from "./jobs/flow_jobs.ts";
import { isCompleted } from "./jobs/job.ts";
import { type JobEvent, JobService } from "./jobs/job_service.ts";
import { JobStore } from "./jobs/job_store.ts";
import { ScriptJobs } from "./jobs/script_jobs.ts";
import { ScriptRunner } from "./jobs/script_runner.ts";
import { type Runnable, startRunnable } from "./jobs/start_runnable.ts";
import { WorkerPool } from "./jobs/worker_pool.ts";
import type { Json, JsonObject } from "./json.ts";
import { S3Store } from "./s3_store.ts";
import { loadSchedules, runSchedules } from "./schedules.ts";
import { makeWorkerGroups, type WorkerGroup } from "./worker_groups.ts";
import { WorkspaceState } from "./workspace_state.ts";
import { WorkspaceValues } from "./workspace_values.ts";

const WORKERS = 4;

export interface WindmillOptions {
  /** Jobs, variables, resources, files and bundles: kept between runs. */
  dataDir: string;
  /** Where bundles are kept instead, for one server after the other. */
  bundlesDir?: string | undefined;
  /** The folder that holds `f/`. */
  repositoryRoot: string;
  workspace: string;
  /** The admin's. */
  token: string;
  /** Of a user who is no admin. */
  memberToken?: string;
  /** To start flows of f/chat, and for nothing else. */
  ingressToken?: string;
  /**
   * A Windmill that nobody has opened yet: no workspace, nothing deployed, no token, and the password
   * that every Windmill begins with.
   */
  isNew?: boolean;
  /** 0, the default, takes a free port. */
  port?: number;
  /** How many steps run at once. */
  workers?: number;
  /** Set at every start, over what the data dir holds. A string is a secret. */
  variables?: Record<string, string | { value: string; isSecret: boolean }>;
  resources?: Record<string, { resourceType: string; value: Json }>;
  /** Whether the repository's schedules run; true unless said otherwise. */
  schedules?: boolean;
  /** Told what has no job to fail: a schedule that cannot start. console.error by default. */
  log?: (line: string) => void;
}

export interface LocalWindmill {
  /** `http://127.0.0.1:<port>`, the base of `/api` and of the pages `/runs`. */
  baseUrl: string;
  token: string;
  workspace: string;
  /** What the list of workers tells. Changing them stops nothing. */
  workerGroups: WorkerGroup[];
  /** Starts a flow by its path; resolves with its job's id. Rejects with Windmill's sentence. */
  runFlow(path: string, args: JsonObject): Promise<string>;
  runScript(path: string, args: JsonObject): Promise<string>;
  /** The job's end, as `jobs_u/completed/get_result_maybe` says it. */
  waitForJob(id: string): Promise<{ success: boolean; result: Json }>;
  /** Whether no job runs or waits. */
  isIdle(): boolean;
  /** How many jobs are due and have no worker yet. */
  waitingForWorker(): number;
  /** Calls the listener for every job that starts or ends, until what it returned is called. */
  onJob(listener: (event: JobEvent) => void): () => void;
  /** What deploying does: bundles every script now instead of at its first run. Rejects for a broken one. */
  bundleScripts(): Promise<void>;
  /** Kills what runs and stops listening. Jobs that had not ended are resumed at the next start. */
  close(): Promise<void>;
}

/** A Windmill server and its workers, in this process, for one workspace. */
export async function startWindmill(options: WindmillOptions): Promise<LocalWindmill> {
  const { workspace, token, log = console.error } = options;
  const repositoryRoot = resolve(options.repositoryRoot);
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const values = seededValues(dataDir, options);
  const schedules = options.schedules === false ? [] : loadSchedules(repositoryRoot);
  let baseUrl = "";
  const workers = makeWorkers({ ...options, repositoryRoot, dataDir, values }, () => baseUrl);
  const { jobs, bundler } = workers;
  const context = {
    ...{ repositoryRoot, workspace, jobs, values, s3: new S3Store(dataDir) },
    ...platform({ ...options, repositoryRoot, dataDir }),
  };
  const server = await listen(makeApp(context), options.port ?? 0);
  baseUrl = server.url;
  jobs.resumeSaved();
  const stopSchedules = runSchedules(schedules, log, ({ path, runnable }) => {
    startRunnable(context, runnable, { schedulePath: path });
  });
  return {
    baseUrl,
    token,
    workspace,
    workerGroups: context.workerGroups,
    ...helpers(context),
    bundleScripts: () => bundleScripts(repositoryRoot, bundler),
    close: async () => {
      stopSchedules();
      await Promise.all([server.close(), workers.close()]);
    },
  };
}

/** Who may ask, whether there is a workspace, and what is deployed to it. */
function platform(options: WindmillOptions) {
  const { dataDir, repositoryRoot, token, memberToken, isNew } = options;
  const { ingressToken, workspace: workspaceId } = options;
  const tokens = {
    ...(!isNew && { adminToken: token }),
    ...(memberToken && { memberToken }),
    ...(ingressToken && { ingressToken: { token: ingressToken, workspaceId } }),
  };
  return {
    accounts: new Accounts(dataDir, tokens),
    workerGroups: makeWorkerGroups(options.workers ?? WORKERS),
    deployment: isNew ? new PushedDeployment(dataDir) : new CheckoutDeployment(repositoryRoot),
    state: new WorkspaceState(dataDir, !isNew),
  };
}

interface WorkersOptions extends WindmillOptions {
  values: WorkspaceValues;
}

/** What runs jobs: the queue, the flow engine and Bun's processes. */
function makeWorkers(options: WorkersOptions, baseUrl: () => string) {
  const { repositoryRoot, dataDir, values, workers = WORKERS } = options;
  const { bundlesDir = join(dataDir, "bundles") } = options;
  const bun = resolveBunBinary();
  const runner = new ScriptRunner(bun, dataDir);
  const bundler = new Bundler(bun, repositoryRoot, bundlesDir);
  const scriptJobs = new ScriptJobs({ ...options, bundler, runner, baseUrl });
  const jobs = new JobService(new JobStore(dataDir), scriptJobs, new WorkerPool(workers));
  const flows = new FlowJobs({ repositoryRoot, jobs, values });
  jobs.useFlows((job) => flows.run(job));
  const close = async () => {
    bundler.close();
    await jobs.close();
    runner.close();
  };
  return { jobs, bundler, close };
}

function helpers(context: WindmillContext) {
  const { jobs } = context;
  const run = (kind: Runnable["kind"]) => async (path: string, args: JsonObject) =>
    startRunnable(context, { kind, path, args }).id;
  return {
    runFlow: run("flow"),
    runScript: run("script"),
    waitForJob: async (id: string) => {
      const { state, result } = await jobs.completion(id);
      return { success: state === "success" || state === "skipped", result };
    },
    isIdle: () => jobs.store.all().every(isCompleted),
    waitingForWorker: () => jobs.waitingForWorker,
    onJob: (listener: (event: JobEvent) => void) => jobs.onJob(listener),
  };
}

function seededValues(dataDir: string, { variables, resources }: WindmillOptions): WorkspaceValues {
  const values = new WorkspaceValues(dataDir);
  for (const [path, variable] of Object.entries(variables ?? {})) {
    const { value, isSecret } =
      typeof variable === "string" ? { value: variable, isSecret: true } : variable;
    values.setVariable(path, { value, isSecret, description: "" });
  }
  for (const [path, resource] of Object.entries(resources ?? {})) {
    values.setResource(path, resource);
  }
  return values;
}
