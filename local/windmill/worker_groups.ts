/** The version of Windmill that docker-compose.yml runs. This server was written after the source of 1.788. */
export const VERSION = "CE v1.819.0";

/** Workers that take the same tags, as Windmill lists them. */
export interface WorkerGroup {
  readonly name: string;
  readonly tags: readonly string[];
  size: number;
  version: string;
  /** Since their last ping. */
  silentSeconds: number;
}

/** As docker-compose.yml has them; a worker without WORKER_TAGS takes these (windmill-common: worker.rs). */
const TAGS_OF_DEFAULT = ["dependency", "flow", "bun", "nativets", "python3", "deno", "go", "bash"];

export function makeWorkerGroups(size: number): WorkerGroup[] {
  const alive = { version: VERSION, silentSeconds: 0 };
  return [
    { name: "default", tags: [...TAGS_OF_DEFAULT, "other"], size, ...alive },
    { name: "documents", tags: ["documents"], size: 1, ...alive },
  ];
}
