import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json, JsonObject } from "../../local/windmill/json.ts";
import {
  type LocalWindmill,
  startWindmill,
  type WindmillOptions,
} from "../../local/windmill/start_windmill.ts";

export interface TestWindmill extends LocalWindmill {
  dataDir: string;
  /** A request to the workspace's API with the workspace's token; `path` begins after the workspace. */
  api(method: string, path: string, body?: Json): Promise<{ status: number; text: string }>;
  /** Runs a script to its end. */
  call(path: string, args?: JsonObject): Promise<{ success: boolean; result: Json }>;
  /** A job as the API shows it, with its log. */
  job(id: string): Promise<JsonObject>;
  /** Closes the server and removes its data. */
  remove(): Promise<void>;
}

/** A local Windmill on a free port over the repository `tests/fixtures/windmill/workspace`. */
export async function startTestWindmill(
  options: Partial<WindmillOptions> = {},
): Promise<TestWindmill> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "windmill-"));
  const windmill = await startWindmill({
    repositoryRoot: "tests/fixtures/windmill/workspace",
    workspace: "chatbots",
    token: "workspace-token",
    ...options,
    dataDir,
  });
  const api: TestWindmill["api"] = async (method, path, body) => {
    const response = await fetch(`${windmill.baseUrl}/api/w/chatbots/${path}`, {
      method,
      headers: {
        authorization: "Bearer workspace-token",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    ...windmill,
    dataDir,
    api,
    call: async (path, args = {}) => windmill.waitForJob(await windmill.runScript(path, args)),
    job: async (id) => JSON.parse((await api("GET", `jobs_u/get/${id}`)).text) as JsonObject,
    remove: async () => {
      await windmill.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
