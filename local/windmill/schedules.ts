import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Cron } from "croner";
import { parse } from "yaml";
import { z } from "zod";
import type { Runnable } from "./jobs/start_runnable.ts";

/** Strict: handlers on failure and the like are Enterprise-only and would never fire. */
const scheduleSchema = z.strictObject({
  summary: z.string().optional(),
  description: z.string().optional(),
  schedule: z.string(),
  timezone: z.string(),
  script_path: z.string(),
  is_flow: z.boolean(),
  args: z.record(z.string(), z.json()).nullish(),
  enabled: z.boolean(),
  no_flow_overlap: z.literal(false).optional(),
  cron_version: z.literal("v2").optional(),
  ws_error_handler_muted: z.boolean().optional(),
});

export interface Schedule {
  /** The schedule's own path: WM_SCHEDULE_PATH of its jobs. */
  path: string;
  /** Six fields, the seconds first. */
  cron: string;
  timezone: string;
  runnable: Runnable;
}

export class UnsupportedSchedule extends Error {
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`The local Windmill cannot run the schedule ${path}: ${problem}`, { cause });
    this.name = "UnsupportedSchedule";
    this.path = path;
  }
}

/** The enabled schedules of the repository, from its `f/**` `*.schedule.yaml`. */
export function loadSchedules(repositoryRoot: string): Schedule[] {
  const folder = join(repositoryRoot, "f");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".schedule.yaml"))
    .map((name) => readSchedule(repositoryRoot, join(folder, name)))
    .filter((schedule) => schedule !== undefined);
}

function readSchedule(repositoryRoot: string, file: string): Schedule | undefined {
  const path = relative(repositoryRoot, file).replace(/\.schedule\.yaml$/, "");
  const parsed = scheduleSchema.safeParse(parse(readFileSync(file, "utf8")));
  if (!parsed.success) {
    throw new UnsupportedSchedule(path, z.prettifyError(parsed.error), parsed.error);
  }
  const { schedule: cron, timezone, script_path, is_flow, args, enabled } = parsed.data;
  if (!enabled) return undefined;
  const kind = is_flow ? "flow" : "script";
  return { path, cron, timezone, runnable: { kind, path: script_path, args: args ?? {} } };
}

/**
 * Calls `start` each time a schedule is due, and `log` when that throws; the returned
 * function stops them all.
 */
export function runSchedules(
  schedules: Schedule[],
  log: (line: string) => void,
  start: (schedule: Schedule) => void,
): () => void {
  const crons = schedules.map((schedule) => {
    try {
      const { cron, timezone } = schedule;
      const failed = (error: unknown) => log(`The schedule ${schedule.path} failed: ${error}`);
      const options = { timezone, mode: "6-part", unref: true, catch: failed } as const;
      return new Cron(cron, options, () => start(schedule));
    } catch (error) {
      throw new UnsupportedSchedule(schedule.path, String(error), error);
    }
  });
  return () => {
    for (const cron of crons) cron.stop();
  };
}
