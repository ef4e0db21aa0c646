import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DeployError } from "./deploy_error.ts";

const require = createRequire(import.meta.url);

/** 450 files take seconds; a Windmill that hangs must not hang the deployment for ever. */
const TIMEOUT_MILLISECONDS = 10 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1_024 * 1_024;
/** What of the CLI's words may stand in a message of ours. */
const MAX_WORDS = 2_000;

export interface PushTarget {
  url: string;
  workspace: string;
  token: string;
}

/** Deploys what is under f/ and dependencies/. */
export interface ScriptPush {
  /** The files that Windmill has not, or has otherwise. */
  pending(target: PushTarget): Promise<string[]>;
  push(target: PushTarget): Promise<void>;
}

/**
 * `wmill sync push`. Nothing that Windmill has beyond the checkout is deleted (`--keep-deleted`), as
 * scripts, flows and schedules that somebody made there are theirs; wmill.yaml leaves variables and
 * resources out.
 */
export function wmillPush(root: string): ScriptPush {
  return {
    pending: async (target) =>
      (await sync(root, target, ["--dry-run"])).changes.map(({ path }) => path),
    push: async (target) => {
      await sync(root, target, []);
    },
  };
}

const report = z.object({
  success: z.literal(true),
  changes: z.array(z.object({ path: z.string() })).default([]),
});

async function sync(root: string, target: PushTarget, more: string[]) {
  // empty, so that no login of the operator's takes the place of the token in the environment
  const config = await mkdtemp(join(tmpdir(), "wmill-"));
  try {
    const options = ["--yes", "--json-output", "--keep-deleted", "--skip-folders", ...more];
    const output = await run([require.resolve("windmill-cli"), "sync", "push", ...options], {
      cwd: root,
      env: {
        ...process.env,
        // the token in no argument, which everybody on the machine may read (CLI 1.819: resolveWorkspace)
        ...{ WM_TOKEN: target.token, WM_WORKSPACE: target.workspace },
        ...{ BASE_INTERNAL_URL: target.url, WMILL_CONFIG_DIR: config },
      },
    });
    return readReport(output, target.token);
  } finally {
    await rm(config, { recursive: true, force: true });
  }
}

interface Output {
  code: number | string;
  stdout: string;
  stderr: string;
}

function run(args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Output> {
  const limits = { timeout: TIMEOUT_MILLISECONDS, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { ...options, ...limits }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? "killed"), stdout, stderr });
    });
  });
}

function readReport({ code, stdout, stderr }: Output, token: string): z.infer<typeof report> {
  // the lint's report comes first, as another JSON document
  const last = stdout.slice(stdout.lastIndexOf("\n{\n") + 1);
  const parsed = code === 0 ? report.safeParse(parseJson(last)) : undefined;
  if (parsed?.success) return parsed.data;
  const words = `${stderr}\n${stdout}`.replaceAll(token, "…").trim().slice(-MAX_WORDS);
  throw new DeployError(`wmill sync push failed (${code}):\n${words}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // no report: the caller shows what there is instead
    return undefined;
  }
}
