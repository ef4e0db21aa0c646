import { z } from "zod";
import type { WindmillCalls } from "./calls.ts";

const schedule = z.object({ enabled: z.boolean() });
const jobEnd = z.object({
  completed: z.boolean(),
  success: z.boolean().nullish(),
  result: z.unknown(),
});

/** Scripts, flows and schedules of the workspace, and their jobs. */
export function runsApi(calls: WindmillCalls) {
  const { inWorkspace } = calls;
  return {
    scriptExists: (path: string): Promise<boolean> =>
      calls.read(z.boolean(), "GET", inWorkspace(`scripts/exists/p/${path}`)),

    flowExists: (path: string): Promise<boolean> =>
      calls.read(z.boolean(), "GET", inWorkspace(`flows/exists/${path}`)),

    /** undefined where there is none. */
    schedule: (path: string) => calls.find(schedule, inWorkspace(`schedules/get/${path}`)),

    enableSchedule: (path: string): Promise<string> =>
      calls.text("POST", inWorkspace(`schedules/setenabled/${path}`), { enabled: true }),

    /** Starts a job and answers its id; `kind` is `f` for a flow and `p` for a script. */
    startJob: (kind: "f" | "p", path: string, args: Record<string, unknown>): Promise<string> =>
      calls.text("POST", inWorkspace(`jobs/run/${kind}/${path}`), args),

    jobEnd: (id: string) =>
      calls.read(jobEnd, "GET", inWorkspace(`jobs_u/completed/get_result_maybe/${id}`)),

    cancelJob: (id: string, reason: string): Promise<string> =>
      calls.text("POST", inWorkspace(`jobs_u/queue/cancel/${id}`), { reason }),
  };
}
