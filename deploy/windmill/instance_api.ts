import { z } from "zod";
import type { WindmillCalls } from "./calls.ts";

const health = z.object({
  status: z.string(),
  database_healthy: z.boolean(),
  workers_alive: z.number(),
});
const worker = z.object({
  worker: z.string(),
  custom_tags: z.array(z.string()).nullish(),
  /** Seconds ago. */
  last_ping: z.number().nullish(),
  wm_version: z.string(),
});

export type WindmillWorker = z.infer<typeof worker>;

/** The server and its workers. */
export function instanceApi(calls: WindmillCalls) {
  return {
    version: (): Promise<string> => calls.text("GET", "version"),

    /** Answers 503 with the same body when something is wrong: windmill-api/src/health.rs. */
    health: () => calls.read(health, "GET", "health/status", { also: [503] }),

    /** Those that were heard of in the last five minutes. */
    workers: (): Promise<WindmillWorker[]> =>
      calls.read(z.array(worker), "GET", "workers/list?per_page=1000"),
  };
}
