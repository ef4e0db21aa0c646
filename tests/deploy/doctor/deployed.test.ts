import { afterAll, beforeAll, expect, it } from "vitest";
import { deployed } from "../../../deploy/doctor/checks/deployed.ts";
import { windmill } from "../../../deploy/doctor/checks/windmill.ts";
import { makeClients } from "../../../deploy/doctor/clients.ts";
import { enabledSchedules, FLOW, scriptsOfFlow } from "../../../deploy/doctor/repository.ts";
import { runChecks } from "../../../deploy/doctor/run_checks.ts";
import { readSettings } from "../../../deploy/settings.ts";
import { windmillApi } from "../../../deploy/windmill/windmill_api.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let server: TestWindmill;
let token: string;

beforeAll(async () => {
  server = await startTestWindmill({ isNew: true, memberToken: "of a member" });
  const anonymous = windmillApi(server.baseUrl, server.workspace);
  token = await anonymous.login("admin@windmill.dev", "changeme");
});
afterAll(() => server.remove());

function problems(windmillToken = token) {
  const settings = readSettings({
    DATABASE_URL: "postgresql://nobody@127.0.0.1/none",
    WINDMILL_URL: server.baseUrl,
    WINDMILL_TOKEN: windmillToken,
  });
  return runChecks([windmill, deployed], makeClients(settings), settings);
}

async function post(path: string, body: object): Promise<void> {
  const { status } = await fetch(`${server.baseUrl}/api/w/${server.workspace}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(status).toBeLessThan(300);
}

it("finds in a Windmill that is still empty first no workspace, then no script, then a schedule that is off", async () => {
  expect(await problems()).toMatchObject([
    { check: "windmill", state: "failed", repair: expect.stringContaining("npm run deploy") },
    { state: "skipped", what: expect.stringContaining("windmill failed") },
  ]);

  await windmillApi(server.baseUrl, server.workspace, token).createWorkspace();
  const schedules = enabledSchedules();
  const scripts = new Set([...scriptsOfFlow(), ...schedules.map(({ script }) => script)]);
  const [isThere, ...missing] = await problems();
  expect(isThere).toMatchObject({ check: "windmill", state: "ok" });
  expect(missing.map(({ what }) => what)).toEqual([
    ...[FLOW, ...scripts].map((path) => `${path} is not in Windmill`),
    ...schedules.map(({ path }) => `the schedule ${path} is not in Windmill`),
  ]);

  await post("flows/create", { path: FLOW, value: { modules: [] } });
  for (const path of scripts) await post("scripts/create", { path, content: "", language: "bun" });
  for (const { path } of schedules) await post("schedules/create", { path, enabled: true });
  expect(await problems()).toMatchObject([{ state: "ok" }, { state: "ok" }]);

  expect(await problems("of a member")).toMatchObject([
    { check: "windmill", state: "failed", what: expect.stringContaining("not an admin's") },
    { state: "skipped" },
  ]);

  await post("schedules/setenabled/f/operations/recover_turns", { enabled: false });
  expect((await problems()).slice(1)).toMatchObject([
    { state: "failed", what: "the schedule f/operations/recover_turns is off" },
  ]);
});
