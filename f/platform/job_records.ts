import * as wmill from "windmill-client";
import { FLOW_PATH } from "./close_turn.ts";

/** What Windmill keeps of a job; its arguments, result and log stay there. */
export interface JobRecord {
  readonly id: string;
  readonly isCompleted: boolean;
}

/** Windmill's record of its jobs, to remove from. */
export interface JobRecords {
  /** Whether the user of this job may: to another one Windmill shows other people's jobs as if there were none. */
  mayRemove(): Promise<boolean>;
  find(id: string): Promise<JobRecord | undefined>;
  /** The runs of the flow that were started for an event. */
  ofEvent(webhookEventId: number): Promise<readonly JobRecord[]>;
  /** The steps, branches and jobs that a job started. */
  children(id: string): Promise<readonly JobRecord[]>;
  cancel(id: string): Promise<void>;
  /** With arguments, results and logs. All of them have completed; one that is not there is no error. */
  remove(ids: readonly string[]): Promise<void>;
}

/** As many as Windmill lists at most; a job of ours has a dozen children. */
const PER_PAGE = 1_000;

/** The records of this job's workspace. Deleting needs a user who is an admin of it. */
export function jobRecords(): JobRecords {
  const workspace = process.env.WM_WORKSPACE ?? "";
  const list = async (filter: object) =>
    (await wmill.JobService.listJobs({ workspace, perPage: PER_PAGE, ...filter })).map(toRecord);
  return {
    mayRemove: async () => {
      const { is_admin, is_super_admin } = await wmill.UserService.whoami({ workspace });
      return is_admin || is_super_admin;
    },
    find: async (id) => {
      try {
        return toRecord(await wmill.JobService.getJob({ workspace, id, noLogs: true }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    ofEvent: (webhookEventId) =>
      list({
        scriptPathExact: FLOW_PATH,
        args: JSON.stringify({ webhook_event_id: webhookEventId }),
      }),
    children: (id) => list({ parentJob: id }),
    cancel: async (id) => {
      const requestBody = { reason: "its contact is being erased" };
      await wmill.JobService.cancelQueuedJob({ workspace, id, requestBody });
    },
    remove: async (ids) => {
      await wmill.JobService.deleteJobs({ workspace, requestBody: [...ids] });
    },
  };
}

const toRecord = (job: { readonly id?: string; readonly type?: string }): JobRecord => ({
  id: job.id ?? "",
  isCompleted: job.type === "CompletedJob",
});

/** An ApiError of windmill-client. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}
