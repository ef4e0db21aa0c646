import type { Request, Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound } from "../http_error.ts";
import { isCompleted, isSuccess, type Job } from "../jobs/job.ts";
import { USER } from "../jobs/job_env.ts";
import { jobJson } from "./job_json.ts";
import { selectJobs } from "./list_jobs.ts";

const cancelBody = z.object({ reason: z.string().optional() }).optional();

export function installJobs(router: Router, context: WindmillContext): void {
  installReads(router, context);
  installUpdates(router, context);
  installCancel(router, context);
  installDelete(router, context);
}

function installReads(router: Router, { jobs, workspace }: WindmillContext): void {
  const find = (request: Request) => findJob(jobs.store.get(String(request.params.id)), request);
  router.get("/jobs/list", (request, response) => {
    const selected = selectJobs(jobs.store.all(), request.query);
    response.json(selected.map((job) => jobJson(job, workspace)));
  });
  router.get("/jobs_u/get/:id", (request, response) => {
    const job = find(request);
    const logs = request.query.no_logs === "true" ? undefined : jobs.store.log(job.id);
    response.json(jobJson(job, workspace, logs));
  });
  router.get("/jobs_u/get_root_job_id/:id", (request, response) => {
    const job = find(request);
    response.json(job.rootJob ?? job.id);
  });
  router.get("/jobs_u/get_logs/:id", (request, response) => {
    response.type("text").send(jobs.store.log(find(request).id));
  });
  router.get("/jobs_u/completed/get_result/:id", (request, response) => {
    const job = find(request);
    if (!isCompleted(job)) throw notFound(`job ${job.id} has not completed`);
    response.json(job.result ?? null);
  });
  router.get("/jobs_u/completed/get_result_maybe/:id", (request, response) => {
    const job = find(request);
    const started = job.startedAt !== undefined;
    response.json(
      isCompleted(job)
        ? { completed: true, success: isSuccess(job), result: job.result ?? null, started: true }
        : { completed: false, success: null, result: null, started },
    );
  });
}

function installUpdates(router: Router, { jobs }: WindmillContext): void {
  router.get("/jobs_u/getupdate/:id", (request, response) => {
    const job = findJob(jobs.store.get(String(request.params.id)), request);
    const log = jobs.store.log(job.id);
    const offset = Number(request.query.log_offset ?? 0);
    response.json({
      running: job.state === "running",
      completed: isCompleted(job),
      new_logs: log.slice(offset),
      log_offset: log.length,
      ...(request.query.get_progress === "true" ? { progress: job.progress ?? null } : {}),
    });
  });
}

function installCancel(router: Router, { jobs }: WindmillContext): void {
  router.post(
    ["/jobs_u/queue/cancel/:id", "/jobs_u/queue/force_cancel/:id"],
    (request, response) => {
      const { id } = findJob(jobs.store.get(String(request.params.id)), request);
      const reason = cancelBody.parse(request.body)?.reason ?? "no reason given";
      if (!jobs.cancel(id, USER.username, reason)) throw notFound(`queued job ${id} not found`);
      response.type("text").send(id);
    },
  );
}

/** Windmill deletes a job that runs, too, and its worker then fails: nothing of ours may rely on that. */
function installDelete(router: Router, { jobs }: WindmillContext): void {
  router.post("/jobs/delete", (request, response) => {
    const ids = z.array(z.uuid()).parse(request.body);
    const found = ids.flatMap((id) => jobs.store.get(id) ?? []);
    const live = found.find((job) => !isCompleted(job));
    if (live) throw badRequest(`job ${live.id} has not completed`);
    for (const { id } of found) jobs.store.delete(id);
    response.json(`Successfully deleted ${found.length} jobs`);
  });
}

function findJob(job: Job | undefined, request: Request): Job {
  if (job === undefined) throw notFound(`Job not found at name ${request.params.id}`);
  return job;
}
