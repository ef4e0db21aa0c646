import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as wmill from "windmill-client";
import type { JsonObject } from "../../../local/windmill/json.ts";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill({
    variables: { "f/t/greeting": "hello", "f/t/key": "s3cret" },
    resources: {
      "f/t/api": { resourceType: "openai", value: { api_key: "$var:f/t/key", list: ["a"] } },
    },
  });
  process.env.WM_WORKSPACE = windmill.workspace;
  wmill.setClient(windmill.token, windmill.baseUrl);
});
afterAll(async () => {
  delete process.env.WM_WORKSPACE;
  await windmill.remove();
});

describe("windmill-client from outside", () => {
  it("reads and writes variables", async () => {
    expect(await wmill.getVariable("f/t/greeting")).toBe("hello");
    await wmill.setVariable("f/t/greeting", "hi");
    await wmill.setVariable("f/t/new", "first", true, "made by a test");
    expect(await wmill.getVariable("f/t/greeting")).toBe("hi");
    expect(await wmill.getVariable("f/t/new")).toBe("first");
    await expect(wmill.getVariable("f/t/none")).rejects.toThrow(/f\/t\/none/);
  });

  it("reads resources with their variables replaced, and writes them", async () => {
    expect(await wmill.getResource("f/t/api")).toEqual({ api_key: "s3cret", list: ["a"] });
    expect(await wmill.getResource("f/t/none", true)).toBeUndefined();
    await wmill.setResource({ n: 1 }, "f/t/made", "json");
    await wmill.setResource({ n: 2 }, "f/t/made");
    expect(await wmill.getResource("f/t/made")).toEqual({ n: 2 });
  });

  it("runs scripts and flows and waits for them", async () => {
    const script = await wmill.runScriptByPathAsync("f/t/adds", { a: 20, b: 22 });
    expect(await wmill.waitJob(script)).toBe(42);
    const flow = await wmill.runFlowAsync("f/t/fans_out", { n: 1 });
    expect(await wmill.waitJob(flow)).toMatchObject([{ second: "bad" }, 3]);
    await expect(wmill.runScriptByPath("f/t/throws")).rejects.toThrow(/too many/);
  });

  it("gives an error's text back as the id of a job that could not start", async () => {
    expect(await wmill.runFlowAsync("f/t/none", {})).toMatch(/^Not found: /);
  });

  it("cancels a job", async () => {
    const id = await wmill.runScriptByPathAsync("f/t/adds", { a: 1, b: 1 }, 3600);
    await wmill.cancelJob(id, "not needed");
    await expect(wmill.waitJob(id)).rejects.toThrow(/Job canceled: not needed/);
  });

  it("stores files of any bytes", async () => {
    const bytes = new Uint8Array(70_000).map((_, index) => index % 256);
    const stored = await wmill.writeS3File({ s3: "docs/bytes.bin" }, new Blob([bytes]));
    expect(stored).toEqual({ s3: "docs/bytes.bin" });
    expect(await wmill.loadS3File(stored)).toEqual(bytes);
    await wmill.deleteS3File(stored);
    await expect(wmill.loadS3File(stored)).rejects.toThrow(/404/);
  });
});

describe("windmill-client inside a job", () => {
  it("finds everything through the job's environment", async () => {
    const id = await windmill.runScript("f/t/uses_client", {});
    const { success, result } = await windmill.waitForJob(id);
    expect(result).toMatchObject({
      sum: 3,
      laterSum: 7,
      resource: { api_key: "s3cret" },
      missing: "nothing",
      progress: 40,
      written: { s3: "notes/é 1.txt" },
      read: "some text",
      root: id,
    });
    expect(success).toBe(true);
  });

  it("makes its jobs children of the job that started them", async () => {
    const id = await windmill.runScript("f/t/uses_client", {});
    await windmill.waitForJob(id);
    const { text } = await windmill.api("GET", `jobs/list?parent_job=${id}`);
    const children = JSON.parse(text) as JsonObject[];
    expect(children.map((child) => child.script_path)).toEqual(["f/t/adds", "f/t/adds"]);
    expect(children.every((child) => child.is_flow_step === false)).toBe(true);
  });
});
