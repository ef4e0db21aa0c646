import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { startTestWindmill, type TestWindmill } from "../../helpers/local_windmill.ts";

const cli = createRequire(import.meta.url).resolve("windmill-cli");
let folder: string;
let windmill: TestWindmill;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "workspace-"));
  cpSync("tests/fixtures/windmill/two_steps", folder, { recursive: true });
  cpSync("wmill.yaml", join(folder, "wmill.yaml"));
  windmill = await startTestWindmill({
    repositoryRoot: folder,
    variables: { "f/demo/salutation": "Hello" },
  });
});
afterAll(async () => {
  await windmill.remove();
  rmSync(folder, { recursive: true });
});

it("answers `wmill generate-metadata --schema-only`, whose files the local Windmill then runs by", async () => {
  const server = [
    "--base-url",
    windmill.baseUrl,
    "--token",
    windmill.token,
    "--workspace",
    "chatbots",
  ];
  await promisify(execFile)(
    process.execPath,
    [cli, "generate-metadata", "--schema-only", "--yes", ...server],
    { cwd: folder },
  );
  const metadata = parse(readFileSync(join(folder, "f/demo/find_visitor.script.yaml"), "utf8"));
  expect(metadata).toMatchObject({ schema: { properties: { visitor_id: { type: "number" } } } });
  expect(await windmill.call("f/demo/find_visitor", { visitor_id: 1 })).toEqual({
    success: true,
    result: { id: 1, name: "Ada" },
  });
});
