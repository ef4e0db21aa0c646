import type { Request, Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound, notSupported } from "../http_error.ts";
import type { Job } from "../jobs/job.ts";
import { type Runnable, startRunnable } from "../jobs/start_runnable.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { pathParameter } from "./path_parameter.ts";

/** Strict: a parameter that is not here would change what Windmill does. */
const runQuery = z.strictObject({
  scheduled_for: z.iso.datetime({ offset: true }).optional(),
  // an i64 in Windmill, which refuses 1.5; scheduled_for takes a fraction
  scheduled_in_secs: z.coerce.number().int().min(0).optional(),
  parent_job: z.uuid().optional(),
  root_job: z.uuid().optional(),
  job_id: z.uuid().optional(),
  tag: z.string().optional(),
  timeout: z.coerce.number().positive().optional(),
  invisible_to_owner: z.string().optional(),
  skip_preprocessor: z.string().optional(),
});

/** `p` is a script by its path, `f` a flow. */
const KINDS: Record<string, Runnable["kind"]> = { p: "script", f: "flow" };

export function installRunJobs(router: Router, context: WindmillContext): void {
  router.post("/jobs/run/:kind/*path", (request, response) => {
    const job = startJob(request, context);
    response.status(201).type("text").send(job.id);
  });
  router.post("/jobs/run_wait_result/:kind/*path", async (request, response) => {
    const { id } = startJob(request, context);
    // Windmill cancels a job whose caller has gone.
    response.once("close", () => {
      if (!response.writableEnded) context.jobs.cancel(id, "windmill", "http connection broke");
    });
    const { state, result } = await context.jobs.completion(id);
    refuseShapedResponse(result);
    response.status(state === "success" || state === "skipped" ? 200 : 422).json(result);
  });
}

function startJob(request: Request, context: WindmillContext): Job {
  const kind = KINDS[String(request.params.kind)];
  if (kind === undefined) throw notSupported(`jobs/run/${request.params.kind}`);
  const query = runQuery.safeParse(request.query);
  if (!query.success) throw badRequest(z.prettifyError(query.error));
  const { parent_job, root_job, job_id, tag, timeout } = query.data;
  const parent = parent_job === undefined ? undefined : context.jobs.store.get(parent_job);
  if (parent_job !== undefined && parent === undefined) {
    throw notFound(`parent job ${parent_job} does not exist`);
  }
  const runnable = { kind, path: pathParameter(request), args: argsOf(request.body) };
  return startRunnable(context, runnable, {
    scheduledFor: dueTime(query.data),
    ...(job_id === undefined ? {} : { id: job_id }),
    ...(parent === undefined ? {} : { parentJob: parent.id, rootJob: parent.rootJob ?? parent.id }),
    ...(root_job === undefined ? {} : { rootFlowJob: root_job }),
    ...(tag === undefined ? {} : { tag }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
  });
}

function argsOf(body: Json | undefined): JsonObject {
  if (body === undefined) return {};
  if (!isJsonObject(body)) throw badRequest("the body must be a JSON object of arguments");
  return body;
}

function dueTime(query: z.infer<typeof runQuery>): string {
  if (query.scheduled_for !== undefined) return new Date(query.scheduled_for).toISOString();
  return new Date(Date.now() + (query.scheduled_in_secs ?? 0) * 1000).toISOString();
}

function refuseShapedResponse(result: Json): void {
  const shaping = ["windmill_status_code", "wm_status_code", "wm_headers", "wm_content_type"];
  const used = isJsonObject(result) ? shaping.filter((key) => key in result) : [];
  if (used.length > 0) throw notSupported(`results that shape the response (${used.join(", ")})`);
}
