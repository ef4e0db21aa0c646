import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** Windmill: the database's check `proper_id`; also what keeps a path inside the repository. */
const SCRIPT_PATH = /^[ufg](\/[\w-]+){2,}$/;

export interface Script {
  path: string;
  file: string;
  code: string;
  tag?: string;
  timeoutSeconds?: number;
}

/** With what its .script.yaml says of it. */
export interface DeployedScript extends Script {
  summary: string;
  description: string;
  schema: unknown;
}

export class ScriptNotFound extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`script not found at name ${path}: there is no ${path}.ts in the repository.`);
    this.name = "NotFound";
    this.path = path;
  }
}

export class UnsupportedScript extends Error {
  readonly path: string;

  constructor(path: string, problem: string, cause: unknown) {
    super(`The local Windmill cannot run ${path} as its .script.yaml says: ${problem}`, { cause });
    this.name = "UnsupportedScript";
    this.path = path;
  }
}

/** Strict: caches, concurrency limits and dedicated workers would be ignored silently otherwise. */
const metadataSchema = z.strictObject({
  summary: z.string().optional(),
  description: z.string().optional(),
  lock: z.unknown().optional(),
  kind: z.enum(["script", "failure", "command"]).optional(),
  schema: z.unknown().optional(),
  tag: z.string().optional(),
  timeout: z.number().optional(),
  labels: z.array(z.string()).optional(),
  no_main_func: z.boolean().optional(),
  auto_kind: z.string().optional(),
  has_preprocessor: z.literal(false).optional(),
  ws_error_handler_muted: z.boolean().optional(),
  visible_to_runner_only: z.boolean().optional(),
});

/** Reads `<path>.ts` and its `.script.yaml`, freshly each time: an edit counts at the next run. */
export function loadScript(repositoryRoot: string, path: string): DeployedScript {
  const file = join(repositoryRoot, `${path}.ts`);
  if (!SCRIPT_PATH.test(path) || !existsSync(file)) throw new ScriptNotFound(path);
  const code = readFileSync(file, "utf8");
  const script = { path, file, code, summary: "", description: "", schema: {} };
  const metadataFile = join(repositoryRoot, `${path}.script.yaml`);
  if (!existsSync(metadataFile)) return script;
  const metadata = metadataSchema.safeParse(parse(readFileSync(metadataFile, "utf8")));
  if (!metadata.success) {
    throw new UnsupportedScript(path, z.prettifyError(metadata.error), metadata.error);
  }
  const { tag, timeout, summary = "", description = "", schema = {} } = metadata.data;
  return {
    ...script,
    summary,
    description,
    schema,
    ...(tag === undefined ? {} : { tag }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
  };
}
