import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobEvent } from "../../../local/windmill/jobs/job_service.ts";
import { eventually } from "../../helpers/eventually.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill();
});
afterAll(() => windmill.remove());

async function runFlow(path: string, args: Parameters<TestWindmill["runFlow"]>[1] = {}) {
  const id = await windmill.runFlow(path, args);
  return { id, ...(await windmill.waitForJob(id)) };
}

describe("a flow's jobs", () => {
  it("run inline code, branches and the handler in the failing branch as processes", async () => {
    const { success, result } = await runFlow("f/t/fans_out", { n: 21 });
    expect(success).toBe(true);
    expect(result).toEqual([{ first: expect.any(String), second: "bad", isDate: false }, 43]);
    const [handled] = result as { first: string }[];
    expect(JSON.parse(handled?.first ?? "")).toMatchObject({
      name: "QuotaError",
      step_id: "bad",
      extra: { limit: 3 },
    });
  });

  it("share the flow's state and know where they belong, in branches too", async () => {
    const { id, result } = await runFlow("f/t/recalls", { value: "x" });
    expect(result).toEqual([
      {
        kept: { value: "x" },
        flowJob: expect.stringMatching(/^[0-9a-f-]{36}$/),
        rootFlowJob: id,
        rootJob: id,
        flowPath: "f/t/recalls/branchall-0",
        step: "recall",
      },
    ]);
  });

  it("are killed at their module's timeout", async () => {
    const { success, result } = await runFlow("f/t/times_out");
    expect(success).toBe(false);
    expect(result).toMatchObject({
      error: { message: expect.stringContaining("limit of 1 seconds") },
    });
  });

  it("are announced as they start and end", async () => {
    const events: JobEvent[] = [];
    const stop = windmill.onJob((event) => events.push(event));
    const { id } = await runFlow("f/t/recalls", { value: "x" });
    stop();
    const ended = events.filter((event) => event.type === "completed");
    expect(ended.map(({ stepId, state }) => [stepId, state])).toEqual([
      ["remember", "success"],
      ["recall", "success"],
      ["fan", "success"],
      [undefined, "success"],
    ]);
    expect(ended.at(-1)).toMatchObject({ id, path: "f/t/recalls", ms: expect.any(Number) });
  });

  it("are all canceled with their flow, and its handler does not run", async () => {
    const id = await windmill.runFlow("f/t/waits", {});
    await eventually(async () => {
      const running = await windmill.api(
        "GET",
        "jobs/list?script_path_exact=f/t/waits&running=true",
      );
      expect(JSON.parse(running.text)).toEqual(
        expect.arrayContaining([expect.objectContaining({ flow_step_id: "wait" })]),
      );
    });
    await windmill.api("POST", `jobs_u/queue/force_cancel/${id}`, { reason: "enough" });
    expect(await windmill.waitForJob(id)).toMatchObject({
      success: false,
      result: { error: { name: "Canceled" } },
    });
    await eventually(async () => {
      const left = await windmill.api("GET", "jobs/list?is_flow_step=true&running=true");
      expect(JSON.parse(left.text)).toEqual([]);
    });
    const handlers = await windmill.api("GET", "jobs/list?script_path_exact=f/t/echo&tag=bun");
    const steps = JSON.parse(handlers.text) as { root_job: string }[];
    expect(steps.filter((step) => step.root_job === id)).toEqual([]);
  });
});

describe("bundling every script at once, as a deployment does", () => {
  it("passes over libraries, and rejects with the script that cannot be bundled", async () => {
    await expect(windmill.bundleScripts()).rejects.toThrow(/reaches_out\.ts could not be bundled/);
    const sound = await startTestWindmill({ repositoryRoot: "tests/fixtures/windmill/two_steps" });
    await expect(sound.bundleScripts()).resolves.toBeUndefined();
    await sound.remove();
  });
});
