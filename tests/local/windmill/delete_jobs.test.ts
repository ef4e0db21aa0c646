import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill();
});
afterAll(() => windmill.remove());

async function run(args: { a: number; b: number }): Promise<string> {
  const { text: id } = await windmill.api("POST", "jobs/run/p/f/t/adds", args);
  await windmill.waitForJob(id);
  return id;
}

const status = async (id: string) => (await windmill.api("GET", `jobs_u/get/${id}`)).status;

describe("deleting jobs", () => {
  it("removes their records and files, and no others", async () => {
    const [gone, kept] = [await run({ a: 1, b: 2 }), await run({ a: 3, b: 4 })];
    expect((await windmill.api("POST", "jobs/delete", [gone])).status).toBe(200);
    expect([await status(gone), await status(kept)]).toEqual([404, 200]);
    const files = [gone, kept].map((id) =>
      existsSync(join(windmill.dataDir, "jobs", `${id}.json`)),
    );
    expect(files).toEqual([false, true]);
  });

  it("is no error for one that is not there", async () => {
    const id = await run({ a: 1, b: 2 });
    await windmill.api("POST", "jobs/delete", [id]);
    expect((await windmill.api("POST", "jobs/delete", [id])).status).toBe(200);
  });

  it("refuses one that has not completed", async () => {
    const path = "jobs/run/p/f/t/adds?scheduled_in_secs=3600";
    const { text: id } = await windmill.api("POST", path, { a: 1, b: 2 });
    expect((await windmill.api("POST", "jobs/delete", [id])).status).toBe(400);
    expect(await status(id)).toBe(200);
  });
});

it("jobs are listed by arguments that they have among others", async () => {
  const id = await run({ a: 71, b: 72 });
  await run({ a: 73, b: 72 });
  const filter = encodeURIComponent(JSON.stringify({ a: 71 }));
  const { text } = await windmill.api("GET", `jobs/list?args=${filter}`);
  expect(JSON.parse(text)).toMatchObject([{ id }]);
});
