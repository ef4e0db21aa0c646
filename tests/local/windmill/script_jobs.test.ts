import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../local/windmill/json.ts";
import { eventually } from "../../helpers/eventually.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill({
    variables: { "f/t/key": "s3cret" },
    resources: {
      "f/t/db": { resourceType: "postgresql", value: { host: "h", password: "$var:f/t/key" } },
    },
  });
});
afterAll(() => windmill.remove());

describe("a script's job (bun_executor.rs)", () => {
  it("gets its arguments by name, and those that it has no parameter for are dropped", async () => {
    const args = { first: 1, second: [2], unknown: 3, when: "2026-01-01T00:00:00Z" };
    const { result } = await windmill.call("f/t/echo", args);
    expect(result).toEqual({ first: 1, second: [2], isDate: true });
  });

  it("sees $var: and $res: replaced, while its record keeps them", async () => {
    const args = { first: { deep: { db: "$res:f/t/db" } }, second: "$var:f/t/key" };
    const id = await windmill.runScript("f/t/echo", args);
    const { result } = await windmill.waitForJob(id);
    expect(result).toMatchObject({
      first: { deep: { db: { host: "h", password: "s3cret" } } },
      second: "s3cret",
    });
    expect((await windmill.job(id)).args).toEqual(args);
  });

  it("fails with NotFound when an argument names a variable that is not there", async () => {
    const { success, result } = await windmill.call("f/t/echo", { first: "$var:f/t/none" });
    expect(success).toBe(false);
    expect(result).toMatchObject({ error: { name: "NotFound" } });
  });

  it("has the variables of Windmill and a directory of its own, and nothing of ours", async () => {
    process.env.OF_THE_SERVER = "not for jobs";
    const { result } = await windmill.call("f/t/environment");
    delete process.env.OF_THE_SERVER;
    const { env, cwd } = result as { env: JsonObject; cwd: string };
    expect(
      Object.keys(env)
        .filter((name) => !name.startsWith("WM_"))
        .sort(),
    ).toEqual(["BASE_URL", "HOME", "PATH", "TZ"]);
    expect(env).toMatchObject({
      BASE_URL: windmill.baseUrl,
      WM_BASE_URL: windmill.baseUrl,
      WM_WORKSPACE: "chatbots",
      WM_JOB_PATH: "f/t/environment",
      WM_FLOW_JOB_ID: "",
      WM_ROOT_FLOW_JOB_ID: "",
      WM_ROOT_JOB_ID: env.WM_JOB_ID,
    });
    expect(env.WM_TOKEN).not.toBe("workspace-token");
    expect(cwd).toContain(String(env.WM_JOB_ID));
    expect(existsSync(cwd)).toBe(false);
  });

  it("may use its token only while it runs", async () => {
    const { result } = await windmill.call("f/t/environment");
    const { env } = result as { env: JsonObject };
    const response = await fetch(`${windmill.baseUrl}/api/w/chatbots/users/whoami`, {
      headers: { authorization: `Bearer ${env.WM_TOKEN}` },
    });
    expect(response.status).toBe(401);
  });

  it("fails with the thrown error and its own properties", async () => {
    const { success, result } = await windmill.call("f/t/throws");
    expect(success).toBe(false);
    expect(result).toEqual({
      error: {
        name: "QuotaError",
        message: "too many",
        stack: expect.stringContaining("main"),
        extra: { limit: 3 },
      },
    });
  });

  it("ends after main, whatever main left behind", async () => {
    const { success, result } = await windmill.call("f/t/leaves_work_behind");
    expect(success).toBe(true);
    expect(result).toEqual({ undefinedBecomesNull: null, big: "1152921504606846976" });
  });

  it("is killed when its time is up", async () => {
    const { success, result } = await windmill.call("f/t/never_ends");
    expect(success).toBe(false);
    expect(result).toMatchObject({
      error: { name: "ExecutionErr", message: expect.stringContaining("limit of 1 seconds") },
    });
  });

  it("fails when its process is killed from outside", async () => {
    const { success, result } = await windmill.call("f/t/kills_itself");
    expect(success).toBe(false);
    expect(result).toMatchObject({ error: { message: expect.stringContaining("SIGKILL") } });
  });

  it("keeps what it printed, up to a limit", async () => {
    const id = await windmill.runScript("f/t/echo", {});
    await windmill.waitForJob(id);
    expect((await windmill.job(id)).logs).toMatch(/to stdout|to stderr/);
    const loud = await windmill.runScript("f/t/talks_too_much", {});
    await windmill.waitForJob(loud);
    const log = String((await windmill.job(loud)).logs);
    expect(log.length).toBeLessThan(1_100_000);
    expect(log).toMatch(/first MiB/);
  });

  it.each([
    ["without a main", "f/t/library", /exports no function main/],
    ["that imports from outside f/", "f/t/reaches_out", /not a script under f\//],
  ])("fails for a script %s", async (_title, path, sentence) => {
    const { success, result } = await windmill.call(path);
    expect(success).toBe(false);
    expect(result).toMatchObject({ error: { message: expect.stringMatching(sentence) } });
  });

  it("uses a kept bundle again", async () => {
    const bundles = () => readdirSync(join(windmill.dataDir, "bundles")).length;
    await windmill.call("f/t/adds", { a: 1, b: 1 });
    const before = bundles();
    expect(await windmill.call("f/t/adds", { a: 2, b: 2 })).toEqual({ success: true, result: 4 });
    expect(bundles()).toBe(before);
  });

  it("is killed when it is canceled", async () => {
    const id = await windmill.runScript("f/t/waits", {});
    await eventually(async () => expect((await windmill.job(id)).logs).toContain("waiting"));
    const canceled = await windmill.api("POST", `jobs_u/queue/cancel/${id}`, { reason: "enough" });
    expect(canceled.status).toBe(200);
    expect(await windmill.waitForJob(id)).toEqual({
      success: false,
      result: {
        error: {
          name: "Canceled",
          message: "Job canceled: enough by admin",
          reason: "enough",
          canceler: "admin",
        },
      },
    });
    expect(await windmill.api("POST", `jobs_u/queue/cancel/${id}`, {})).toMatchObject({
      status: 404,
    });
  });
});
