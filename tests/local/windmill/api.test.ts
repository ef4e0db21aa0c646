import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../helpers/eventually.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill({ variables: { "f/t/greeting": "hello" } });
});
afterAll(() => windmill.remove());

describe("starting jobs over HTTP", () => {
  it("answers 201 and the job's id as text", async () => {
    const { status, text } = await windmill.api("POST", "jobs/run/p/f/t/adds", { a: 1, b: 2 });
    expect(status).toBe(201);
    expect(await windmill.waitForJob(text)).toEqual({ success: true, result: 3 });
  });

  it("refuses a job id that was used (windmill-queue jobs.rs:6508)", async () => {
    const id = randomUUID();
    const start = () => windmill.api("POST", `jobs/run/p/f/t/adds?job_id=${id}`, { a: 1, b: 2 });
    expect(await start()).toEqual({ status: 201, text: id });
    expect(await start()).toEqual({
      status: 400,
      text: `Bad request: Job with id ${id} already exists`,
    });
  });

  it("starts a job after scheduled_in_secs, and not before", async () => {
    const path = "jobs/run/p/f/t/adds?scheduled_in_secs=1";
    const { text: id } = await windmill.api("POST", path, { a: 1, b: 2 });
    await windmill.waitForJob(id);
    const job = await windmill.job(id);
    expect(Date.parse(String(job.started_at))).toBeGreaterThanOrEqual(
      Date.parse(String(job.scheduled_for)),
    );
    const delay = Date.parse(String(job.scheduled_for)) - Date.parse(String(job.created_at));
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(1000);
  });

  it("refuses a fraction of a second in scheduled_in_secs, as Windmill's i64 does", async () => {
    const start = (seconds: string) =>
      windmill.api("POST", `jobs/run/p/f/t/adds?scheduled_in_secs=${seconds}`, { a: 1, b: 2 });
    expect(await start("1.5")).toMatchObject({ status: 400 });
    expect(await start("0")).toMatchObject({ status: 201 }); // control
  });

  it("cancels a job that waits for its time, which then never runs", async () => {
    const path = "jobs/run/p/f/t/adds?scheduled_in_secs=3600";
    const { text: id } = await windmill.api("POST", path, { a: 1, b: 2 });
    const maybe = await windmill.api("GET", `jobs_u/completed/get_result_maybe/${id}`);
    expect(JSON.parse(maybe.text)).toMatchObject({ completed: false, started: false });
    await windmill.api("POST", `jobs_u/queue/cancel/${id}`, { reason: "not needed" });
    expect(await windmill.job(id)).toMatchObject({
      type: "CompletedJob",
      canceled: true,
      success: false,
    });
  });

  it("waits for the result: 200 when it succeeded, 422 when it failed", async () => {
    const good = await windmill.api("POST", "jobs/run_wait_result/p/f/t/adds", { a: 2, b: 2 });
    expect(good).toEqual({ status: 200, text: "4" });
    const bad = await windmill.api("POST", "jobs/run_wait_result/p/f/t/throws", {});
    expect(bad.status).toBe(422);
    expect(JSON.parse(bad.text)).toMatchObject({ error: { name: "QuotaError" } });
  });

  it("cancels a job whose caller no longer waits for its result", async () => {
    const caller = new AbortController();
    const url = `${windmill.baseUrl}/api/w/chatbots/jobs/run_wait_result/p/f/t/waits`;
    const headers = { authorization: "Bearer workspace-token" };
    const waiting = fetch(url, { method: "POST", headers, signal: caller.signal });
    const list = async () =>
      JSON.parse((await windmill.api("GET", "jobs/list?script_path_exact=f/t/waits")).text);
    await eventually(async () => expect(await list()).toMatchObject([{ running: true }]));
    caller.abort();
    await expect(waiting).rejects.toThrow(/abort/);
    await eventually(async () => expect(await list()).toMatchObject([{ canceled: true }]));
  });
});

describe("errors are a status and a sentence (windmill-common error.rs)", () => {
  it.each<[string, string, string, number, RegExp]>([
    ["a script that is not there", "POST", "jobs/run/p/f/t/none", 404, /f\/t\/none/],
    ["a flow that is not there", "POST", "jobs/run/f/f/t/none", 404, /f\/t\/none/],
    ["a path that leaves the repository", "POST", "jobs/run/p/f/..%2F..%2Fx/y", 404, /not found/i],
    ["a variable that is not there", "GET", "variables/get_value/f/t/none", 404, /f\/t\/none/],
    ["a resource that is not there", "GET", "resources/get_value/f/t/none", 404, /f\/t\/none/],
    ["a job that is not there", "GET", `jobs_u/get/${randomUUID()}`, 404, /Job not found/],
    [
      "a run parameter it does not know",
      "POST",
      "jobs/run/p/f/t/adds?queue_limit=1",
      400,
      /queue_limit/,
    ],
    ["a list filter it does not know", "GET", "jobs/list?worker=x", 400, /worker/],
    ["a route it does not have", "GET", "jobs/queue/count", 501, /does not support GET/],
  ])("%s", async (_title, method, path, status, sentence) => {
    const answer = await windmill.api(method, path, method === "POST" ? {} : undefined);
    expect(answer).toEqual({ status, text: expect.stringMatching(sentence) });
  });

  it("refuses a request without the right token, except for version and health", async () => {
    const status = async (path: string, headers = {}) =>
      (await fetch(`${windmill.baseUrl}${path}`, { headers })).status;
    const wrong = { authorization: "Bearer workspace-tokem" };
    expect(await status("/api/w/chatbots/users/whoami")).toBe(401);
    expect(await status("/api/w/chatbots/users/whoami", wrong)).toBe(401);
    expect(await status("/api/version")).toBe(200);
    expect(await status("/api/health/status")).toBe(200);
  });
});

describe("object storage", () => {
  const upload = (key: string, storage?: string) => {
    const query = new URLSearchParams({ file_key: key, ...(storage ? { storage } : {}) });
    return windmill.api("POST", `job_helpers/upload_s3_file?${query}`, "content");
  };

  it("keeps an object under its key until it is deleted", async () => {
    expect((await upload("a/b c.txt")).status).toBe(200);
    const read = () => windmill.api("GET", "job_helpers/download_s3_file?file_key=a/b%20c.txt");
    expect(await read()).toEqual({ status: 200, text: '"content"' });
    await windmill.api("DELETE", "job_helpers/delete_s3_file?file_key=a/b%20c.txt");
    expect((await read()).status).toBe(404);
  });

  it("makes a key when it is given none", async () => {
    const { text } = await windmill.api("POST", "job_helpers/upload_s3_file", "content");
    expect(JSON.parse(text)).toEqual({ file_key: expect.stringMatching(/^windmill_uploads\//) });
  });

  it.each([["../../values.json"], ["a/../../x"], ["/../x"], ["folder/"], ["nul\0"]])(
    "refuses the key %j",
    async (key) => {
      expect((await upload(key)).status).toBe(400);
    },
  );

  it("refuses a storage that is a path", async () => {
    expect((await upload("x", "../jobs")).status).toBe(400);
    expect((await upload("x", "second")).status).toBe(200); // control
  });
});

describe("pages", () => {
  it("list the runs, and show one with its steps, input, result and log, escaped", async () => {
    const id = await windmill.runScript("f/t/echo", { first: "<script>alert(1)</script>" });
    await windmill.waitForJob(id);
    const list = await (await fetch(`${windmill.baseUrl}/runs`)).text();
    expect(list).toContain(`/runs/${id}`);
    const run = await (await fetch(`${windmill.baseUrl}/runs/${id}`)).text();
    expect(run).toContain("to stdout");
    expect(run).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(run).not.toContain("<script>");
    expect((await fetch(`${windmill.baseUrl}/runs/none`)).status).toBe(404);
  });
});
