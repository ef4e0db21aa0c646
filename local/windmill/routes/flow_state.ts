import type { Request, Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound } from "../http_error.ts";
import { isFlowJob, type Job } from "../jobs/job.ts";

const progressBody = z.object({ percent: z.int(), flow_job_id: z.string().optional() });

/** A flow's user states, and a job's progress. */
export function installFlowState(router: Router, { jobs }: WindmillContext): void {
  const find = (request: Request): Job => {
    const job = jobs.store.get(String(request.params.id));
    if (job === undefined) throw notFound(`Job not found at name ${request.params.id}`);
    return job;
  };
  const findFlow = (request: Request): Job => {
    const job = find(request);
    if (!isFlowJob(job)) throw badRequest(`job ${job.id} is not a flow and has no user states`);
    return job;
  };
  router.get("/jobs/flow/user_states/:id/:key", (request, response) => {
    response.json(findFlow(request).userStates?.[request.params.key] ?? null);
  });
  router.post("/jobs/flow/user_states/:id/:key", (request, response) => {
    const job = findFlow(request);
    const value = z.json().parse(request.body ?? null);
    jobs.store.update(job.id, { userStates: { ...job.userStates, [request.params.key]: value } });
    response.type("text").send(`Flow user state ${request.params.key} set`);
  });
  router.post("/job_metrics/set_progress/:id", (request, response) => {
    const job = find(request);
    const { percent } = progressBody.parse(request.body);
    // windmill-client: progress cannot go back and is limited to 0 to 99.
    const progress = Math.max(job.progress ?? 0, Math.min(Math.max(percent, 0), 99));
    jobs.store.update(job.id, { progress });
    response.json(null);
  });
  router.get("/job_metrics/get_progress/:id", (request, response) => {
    response.json(find(request).progress ?? null);
  });
}
