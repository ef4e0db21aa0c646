import { z } from "zod";
import { badRequest } from "../http_error.ts";
import { isCompleted, isSuccess, type Job } from "../jobs/job.ts";

const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** The filters of `jobs/list` that are supported; another one is refused, not ignored. */
const listQuery = z.strictObject({
  parent_job: z.string().optional(),
  script_path_exact: z.string().optional(),
  script_path_start: z.string().optional(),
  schedule_path: z.string().optional(),
  running: flag.optional(),
  success: flag.optional(),
  has_null_parent: flag.optional(),
  is_skipped: flag.optional(),
  is_flow_step: flag.optional(),
  job_kinds: z.string().optional(),
  tag: z.string().optional(),
  args: z
    .string()
    .transform((json) => z.record(z.string(), z.json()).parse(JSON.parse(json)))
    .optional(),
  created_after: z.string().optional(),
  created_before: z.string().optional(),
  page: z.coerce.number().int().min(1).default(1),
  per_page: z.coerce.number().int().min(1).max(1000).default(30),
  order_desc: flag.default(true),
});

export function selectJobs(jobs: Job[], query: unknown): Job[] {
  const parsed = listQuery.safeParse(query);
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
  const { page, per_page, order_desc } = parsed.data;
  const selected = jobs.filter((job) => matches(job, parsed.data));
  if (order_desc) selected.reverse();
  return selected.slice((page - 1) * per_page, page * per_page);
}

function matches(job: Job, query: z.infer<typeof listQuery>): boolean {
  const wanted: [unknown, unknown][] = [
    [query.parent_job, job.parentJob],
    [query.script_path_exact, job.path],
    [query.schedule_path, job.schedulePath],
    [query.running, job.state === "running"],
    [query.success, isCompleted(job) ? isSuccess(job) : undefined],
    [query.has_null_parent, job.parentJob === undefined],
    [query.is_skipped, job.state === "skipped"],
    [query.is_flow_step, job.isFlowStep],
    [query.tag, job.tag],
  ];
  return (
    wanted.every(([want, have]) => want === undefined || want === have) &&
    job.path.startsWith(query.script_path_start ?? "") &&
    hasArgs(job, query.args ?? {}) &&
    (query.job_kinds === undefined || query.job_kinds.split(",").includes(job.kind)) &&
    job.createdAt > (query.created_after ?? "") &&
    (query.created_before === undefined || job.createdAt < query.created_before)
  );
}

/** As `@>` in PostgreSQL finds them, for arguments that are no lists or objects. */
function hasArgs(job: Job, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => job.args[name] === value);
}
