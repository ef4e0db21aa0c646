import type { Express } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import type { WorkerGroup } from "../worker_groups.ts";

const listQuery = z.strictObject({
  page: z.coerce.number().int().min(1).default(1),
  per_page: z.coerce.number().int().min(1).default(30),
  ping_since: z.coerce.number().int().default(300),
});

/** GET /workers/list: who pinged within the last five minutes. */
export function installWorkers(app: Express, { workerGroups }: WindmillContext): void {
  const startedAt = new Date().toISOString();
  app.get("/api/workers/list", (request, response) => {
    const { page, per_page, ping_since } = listQuery.parse(request.query);
    const heard = workerGroups
      .filter(({ silentSeconds }) => silentSeconds < ping_since)
      .flatMap((group) => pingsOf(group, startedAt));
    response.json(heard.slice((page - 1) * per_page, page * per_page));
  });
}

function pingsOf({ name, tags, size, version, silentSeconds }: WorkerGroup, startedAt: string) {
  return Array.from({ length: size }, (_, index) => ({
    worker: `wk-${name}-local-${index}`,
    worker_instance: "local",
    last_ping: silentSeconds,
    started_at: startedAt,
    ip: "127.0.0.1",
    jobs_executed: 0,
    custom_tags: tags,
    worker_group: name,
    wm_version: version,
  }));
}
