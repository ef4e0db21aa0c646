import type { Accounts } from "./accounts.ts";
import type { Deployment } from "./deployment.ts";
import type { JobService } from "./jobs/job_service.ts";
import type { S3Store } from "./s3_store.ts";
import type { WorkerGroup } from "./worker_groups.ts";
import type { WorkspaceState } from "./workspace_state.ts";
import type { WorkspaceValues } from "./workspace_values.ts";

/** What the routes work with. */
export interface WindmillContext {
  repositoryRoot: string;
  workspace: string;
  accounts: Accounts;
  deployment: Deployment;
  jobs: JobService;
  s3: S3Store;
  state: WorkspaceState;
  values: WorkspaceValues;
  workerGroups: WorkerGroup[];
}
