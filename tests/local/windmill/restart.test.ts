import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../helpers/eventually.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
afterEach(() => windmill.remove());

/** Closes the server and starts another over the same data. */
async function restart(): Promise<void> {
  await windmill.close();
  windmill = await startTestWindmill({ dataDir: windmill.dataDir });
}

const hasStarted = (id: string) =>
  eventually(async () => expect((await windmill.job(id)).running).toBe(true));

describe("a restart over the same data dir", () => {
  it("keeps jobs with their logs, variables, resources and files", async () => {
    windmill = await startTestWindmill();
    const id = await windmill.runScript("f/t/echo", { first: 1 });
    await windmill.waitForJob(id);
    await windmill.api("POST", "variables/create", { path: "f/t/v", value: "kept" });
    const resource = { path: "f/t/r", value: { n: 1 }, resource_type: "json" };
    await windmill.api("POST", "resources/create", resource);
    await windmill.api("POST", "job_helpers/upload_s3_file?file_key=kept", "file");
    await restart();
    expect(await windmill.job(id)).toMatchObject({ success: true, result: { first: 1 } });
    expect((await windmill.job(id)).logs).toContain("to stdout");
    const text = async (path: string) => (await windmill.api("GET", path)).text;
    expect(await text("variables/get_value/f/t/v")).toBe('"kept"');
    expect(await text("resources/get_value/f/t/r")).toBe('{"n":1}');
    expect(await text("job_helpers/download_s3_file?file_key=kept")).toBe('"file"');
  });

  it("starts a script that was running again, with its id", async () => {
    windmill = await startTestWindmill();
    const id = await windmill.runScript("f/t/waits", {});
    await hasStarted(id);
    await restart();
    await hasStarted(id);
  });

  it("gives up a flow that was running, and its steps", async () => {
    windmill = await startTestWindmill();
    const id = await windmill.runFlow("f/t/waits", {});
    await eventually(async () => {
      const steps = await windmill.api(
        "GET",
        "jobs/list?script_path_exact=f/t/waits&running=true&tag=bun",
      );
      expect(JSON.parse(steps.text)).toHaveLength(1);
    });
    await restart();
    expect(await windmill.waitForJob(id)).toMatchObject({ success: false });
    expect(JSON.parse((await windmill.api("GET", "jobs/list?running=true")).text)).toEqual([]);
  });

  it("still runs a job that waited for its time", async () => {
    windmill = await startTestWindmill();
    const path = "jobs/run/p/f/t/adds?scheduled_in_secs=1";
    const { text: id } = await windmill.api("POST", path, { a: 1, b: 2 });
    await restart();
    expect(await windmill.waitForJob(id)).toEqual({ success: true, result: 3 });
  });
});

describe("closing", () => {
  it("kills the processes of its jobs", async () => {
    windmill = await startTestWindmill();
    const id = await windmill.runScript("f/t/waits", {});
    const pid = await eventually(async () => {
      const said = /waiting as (\d+)/.exec(String((await windmill.job(id)).logs));
      expect(said).not.toBeNull();
      return Number(said?.[1]);
    });
    expect(process.kill(pid, 0)).toBe(true); // control
    await windmill.close();
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/));
    windmill = await startTestWindmill({ dataDir: windmill.dataDir });
  });
});
