import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type MigratedPostgres,
  startMigratedPostgres,
} from "../../local/postgres/start_migrated_postgres.ts";
import { startTestWindmill, type TestWindmill } from "../helpers/local_windmill.ts";

// embedded: a password is drawn for a role, and roles belong to a whole server
let database: MigratedPostgres;
let windmill: TestWindmill;
const folder = mkdtempSync(join(tmpdir(), "deploy-"));
const envFile = join(folder, "env");

beforeAll(async () => {
  database = await startMigratedPostgres();
  windmill = await startTestWindmill({ repositoryRoot: ".", schedules: false });
});
afterAll(async () => {
  await windmill.remove();
  await database.close();
  rmSync(folder, { recursive: true });
});

/** `npm run deploy`, with no more than the four variables that a real Windmill needs. */
function deploy(
  { baseUrl, token, workspace }: TestWindmill,
  ...options: string[]
): Promise<{ code: number | null; lines: string[] }> {
  const env = {
    ...{ PATH: process.env.PATH ?? "", CREDENTIALS_KEYS_FILE: join(folder, "keys.json") },
    ...{ WINDMILL_URL: baseUrl, WINDMILL_TOKEN: token },
    ...{ WINDMILL_WORKSPACE: workspace, DATABASE_URL: database.url },
  };
  const args = ["--import", "tsx", "deploy/main.ts", "--env", envFile, ...options];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, lines: Buffer.concat(chunks).toString().trim().split("\n") });
    });
  });
}

it("makes the installation, and finds nothing to change the second time", async () => {
  const first = await deploy(windmill);
  expect(first.lines.at(-1)).toMatch(/^\{"deploy":"ok","changed":[1-9]\d*\}$/);
  expect(first.lines).toContain("created    variable f/platform/postgres_password");
  expect(first.lines.join("\n")).toContain("Callback URL");
  expect(first.code).toBe(0);
  expect(readFileSync(envFile, "utf8")).toMatch(/^INGRESS_WINDMILL_TOKEN=\w+\n$/);
  expect(statSync(envFile).mode & 0o777).toBe(0o600);
  expect((await deploy(windmill)).lines.at(-1)).toBe('{"deploy":"ok","changed":0}');
}, 180_000);

it("ends with its usage and status 2 for an option that it does not know", async () => {
  const { code, lines } = await deploy(windmill, "--chek");
  expect(lines).toEqual([
    expect.stringMatching(/^Unknown option '--chek'\. Usage: npm run deploy /),
  ]);
  expect(code).toBe(2);
});

it("ends a check that finds differences with status 1", async () => {
  const anew = await startTestWindmill({ repositoryRoot: ".", schedules: false, isNew: true });
  try {
    const { code, lines } = await deploy({ ...anew, token: "" }, "--check");
    expect(lines.at(-1)).toMatch(/^\{"deploy":"check","differences":\d+\}$/);
    expect(code).toBe(1);
  } finally {
    await anew.remove();
  }
});
