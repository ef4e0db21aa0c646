import * as wmill from "windmill-client";
import * as z from "zod/v4";

/** What Windmill knows of a deployed script. */
export interface DeployedScript {
  readonly summary: string;
  readonly description: string;
  /** the JSON schema of its parameters */
  readonly schema: unknown;
}

/** Windmill's workspace, as far as scripts go. Each ends when its signal aborts; a job that runs is cancelled. */
export interface WindmillScripts {
  /** Throws ScriptNotDeployedError. */
  read(path: string, signal: AbortSignal): Promise<DeployedScript>;
  /** Runs a script to its end and returns its result. Throws ScriptFailedError. */
  run(path: string, args: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown>;
}

export class ScriptNotDeployedError extends Error {
  override readonly name = "ScriptNotDeployedError";
  readonly path: string;

  constructor(path: string, options: ErrorOptions) {
    super(
      `Windmill did not hand out the script ${path}: check that it is deployed and that the jobs of f/chat may read it.`,
      options,
    );
    this.path = path;
  }
}

/** The script threw, or its job was not run. */
export class ScriptFailedError extends Error {
  override readonly name = "ScriptFailedError";
  readonly path: string;

  constructor(path: string, reason: string, options: ErrorOptions) {
    super(`The script ${path} failed: ${reason.slice(0, 500)}`, options);
    this.path = path;
  }
}

const script = z.object({
  summary: z.string().default(""),
  description: z.string().default(""),
  schema: z.unknown(),
});

export function windmillScripts(workspace = process.env.WM_WORKSPACE ?? ""): WindmillScripts {
  return {
    async read(path, signal) {
      try {
        const asked = wmill.ScriptService.getScriptByPath({ workspace, path });
        return script.parse(await cancelledBy(asked, signal));
      } catch (cause) {
        throw new ScriptNotDeployedError(path, { cause });
      }
    },
    async run(path, requestBody, signal) {
      try {
        // Windmill cancels the job when its caller hangs up
        const asked = wmill.JobService.runWaitResultScriptByPath({ workspace, path, requestBody });
        return await cancelledBy(asked, signal);
      } catch (cause) {
        throw new ScriptFailedError(path, reasonOf(cause), { cause });
      }
    },
  };
}

async function cancelledBy<Result>(
  request: Promise<Result> & { cancel(): void },
  signal: AbortSignal,
): Promise<Result> {
  const cancel = () => request.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await request;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Windmill answers 422 with the job's `{error: {name, message}}`. */
const jobError = z.object({ body: z.object({ error: z.object({ message: z.string() }) }) });

function reasonOf(error: unknown): string {
  const failed = jobError.safeParse(error);
  if (failed.success) return failed.data.body.error.message;
  return error instanceof Error ? error.message : String(error);
}
