import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { withConnection } from "./connection.ts";
import { databaseName } from "./database_lifecycle.ts";

type Tool = "pg_dump" | "pg_restore";

/** Neither PATH nor Debian's folder has the tool in the server's major version. */
export class ToolNotFoundError extends Error {
  override readonly name = "ToolNotFoundError";

  constructor(tool: Tool, major: number, cause: unknown) {
    super(
      `There is no ${tool} of PostgreSQL ${major}, the server's version; another version's dump may not be read back. ` +
        `Install postgresql-client-${major}, or set PG_TOOLS to what runs it beside the server, ` +
        `such as "docker compose exec -T postgres".`,
      { cause },
    );
  }
}

export class ToolFailedError extends Error {
  override readonly name = "ToolFailedError";
  readonly exitCode: number | null;

  constructor(tool: string, exitCode: number | null, errors: string) {
    super(`${tool} ended with ${exitCode ?? "a signal"}: ${errors.trim().slice(-2_000)}`);
    this.exitCode = exitCode;
  }
}

/** Runs one of PostgreSQL's own programs on a database. */
export interface PostgresTool {
  /** @throws {ToolFailedError} */
  run(args: readonly string[], files: { readFrom?: string; writeTo?: string }): Promise<void>;
}

/**
 * Finds the tool in the major version of the server at `url`. `prefix` (PG_TOOLS): a command that runs it where the
 * server's own socket is, which lets it in without a password; empty: it runs here. Throws ToolNotFoundError.
 */
export async function findTool(tool: Tool, url: string, prefix: string): Promise<PostgresTool> {
  const beside = prefix.split(/\s+/).filter(Boolean);
  const major = await majorVersion(url);
  const candidates =
    beside.length > 0 ? [tool] : [`/usr/lib/postgresql/${major}/bin/${tool}`, tool];
  let failure: unknown;
  for (const candidate of candidates) {
    const command = [...beside, candidate];
    try {
      const version = await outputOf([...command, "--version"]);
      if (Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]) === major) {
        return {
          run: (args, files) => run(command, connection(url, beside.length > 0), args, files),
        };
      }
      failure = new Error(`${candidate} is ${version.trim()}`);
    } catch (error) {
      failure = error;
    }
  }
  throw new ToolNotFoundError(tool, major, failure);
}

async function majorVersion(url: string): Promise<number> {
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  const [row] = await withConnection(maintenance.href, (server) =>
    server.query<{ version: string }>("select current_setting('server_version_num') as version"),
  );
  return Math.floor(Number(row?.version) / 10_000);
}

interface ConnectionArguments {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Every process of the machine may read the arguments of others: a password goes by the environment. */
function connection(url: string, isBeside: boolean): ConnectionArguments {
  const bare = new URL(url);
  if (isBeside) {
    return { args: ["-U", decodeURIComponent(bare.username), "-d", databaseName(url)], env: {} };
  }
  const password = decodeURIComponent(bare.password);
  bare.password = "";
  return { args: ["-d", bare.href], env: password ? { PGPASSWORD: password } : {} };
}

async function run(
  command: readonly string[],
  { args: where, env }: ConnectionArguments,
  args: readonly string[],
  { readFrom, writeTo }: { readFrom?: string; writeTo?: string },
): Promise<void> {
  const [program = "", ...first] = command;
  const input = readFrom === undefined ? null : await open(readFrom, "r");
  // it holds everybody's messages
  const output = writeTo === undefined ? null : await open(writeTo, "wx", 0o600);
  try {
    await ended(
      spawn(program, [...first, "--no-password", ...where, ...args], {
        env: { ...process.env, ...env },
        stdio: [input?.fd ?? "ignore", output?.fd ?? "ignore", "pipe"],
      }),
      command.join(" "),
    );
    await output?.sync();
  } finally {
    await input?.close();
    await output?.close();
  }
}

async function outputOf(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await ended(child, command.join(" "));
  return output;
}

function ended(child: ReturnType<typeof spawn>, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new ToolFailedError(name, code, errors)),
    );
  });
}
