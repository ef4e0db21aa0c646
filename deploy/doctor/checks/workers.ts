import type { WindmillWorker } from "../../windmill/instance_api.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { tagsOfScripts } from "../repository.ts";
import { windmill } from "./windmill.ts";

/** Flows, steps that name no tag, and what a deployment runs to lock them. */
const TAGS_OF_WINDMILL = ["flow", "bun", "dependency"];
/** Workers ping every few seconds; Windmill takes one for dead after a minute (windmill-api-workers: exists_workers_with_tags). */
const SILENT_SECONDS = 60;

/** For each tag that our jobs have, a worker that takes them and is alive. */
export const workers: Check = {
  name: "workers",
  needs: [windmill],
  async run({ windmill: api }) {
    const all = await api.workers();
    const alive = all.filter(({ last_ping }) => (last_ping ?? Infinity) <= SILENT_SECONDS);
    const orphans = [...TAGS_OF_WINDMILL, ...tagsOfScripts()].filter((tag) => !isTaken(tag, alive));
    if (orphans.length === 0) return [ok(`${alive.length} are alive and take every tag`)];
    return orphans.map((tag) =>
      failed(
        isTaken(tag, all)
          ? `no worker of the tag ${tag} has been heard of for ${silence(tag, all)} s`
          : `no worker takes the tag ${tag}, so its jobs wait for ever`,
        tag === "documents"
          ? "docker compose up -d windmill-worker-documents and read its log."
          : "docker compose up -d windmill-worker and read its log.",
      ),
    );
  },
};

function isTaken(tag: string, some: readonly WindmillWorker[]): boolean {
  return some.some(({ custom_tags }) => custom_tags?.includes(tag));
}

function silence(tag: string, all: readonly WindmillWorker[]): number {
  const silences = all
    .filter(({ custom_tags }) => custom_tags?.includes(tag))
    .map(({ last_ping }) => last_ping ?? 0);
  return Math.min(...silences);
}
