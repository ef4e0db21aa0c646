import type { JobService } from "./jobs/job_service.ts";
import type { S3Store } from "./s3_store.ts";
import type { WorkspaceValues } from "./workspace_values.ts";

/** What the routes work with. */
export interface WindmillContext {
  repositoryRoot: string;
  workspace: string;
  jobs: JobService;
  values: WorkspaceValues;
  s3: S3Store;
}
