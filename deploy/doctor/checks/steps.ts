import { setTimeout as sleep } from "node:timers/promises";
import type { WindmillApi } from "../../windmill/windmill_api.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { reasonOf } from "../reason.ts";
import { deployed } from "./deployed.ts";
import { workers } from "./workers.ts";
import { workspaceValues } from "./workspace_values.ts";

/** Reads only, through all that a step needs: a worker, its packages, the resource, the role and the tables. */
const SCRIPT = "f/operations/metrics";
const PATIENCE_MS = 60_000;
const EVERY_MS = 250;

/** A worker runs a script of ours, and reaches the database as chatbot_app. */
export const steps: Check = {
  name: "a step's run",
  needs: [workers, deployed, workspaceValues],
  async run({ windmill: api }) {
    const id = await api.startJob("p", SCRIPT, { db: "$res:f/platform/postgres" });
    const end = await endOf(api, id);
    if (end === undefined) {
      return [
        failed(
          `${SCRIPT} did not end within ${PATIENCE_MS / 1_000} s`,
          "The workers are busy or cannot install packages: look at its run in Windmill, and add workers.",
        ),
      ];
    }
    if (end.success) return [ok(`${SCRIPT} ran and read the database`)];
    return [
      failed(
        `${SCRIPT} failed: ${errorOf(end.result)}`,
        "The workers reach the database by the resource f/platform/postgres: compare its host and password with .env, and run npm run deploy.",
      ),
    ];
  },
};

async function endOf(api: WindmillApi, id: string) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const end = await api.jobEnd(id);
    if (end.completed) return end;
    await sleep(EVERY_MS);
  }
  await api.cancelJob(id, "the doctor did not wait longer");
  return undefined;
}

/** windmill-worker: a script that throws ends with {error: {message, name, stack}}. */
function errorOf(result: unknown): string {
  const { error } = Object(result) as { error?: { message?: unknown } };
  return typeof error?.message === "string" ? error.message : reasonOf(result);
}
