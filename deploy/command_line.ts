import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultEnvFile } from "./environment.ts";

/** Words that the command does not know. The message ends with its usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(problem: string, { usage }: Command, cause?: unknown) {
    super(`${problem}. ${usage}`, { cause });
  }
}

export interface Command {
  usage: string;
  canCheck: boolean;
}

export const DEPLOY: Command = {
  usage: "Usage: npm run deploy [-- --check] [-- --env FILE]",
  canCheck: true,
};
export const DOCTOR: Command = { usage: "Usage: npm run doctor [-- --env FILE]", canCheck: false };

export interface CommandLine {
  wantsHelp: boolean;
  check: boolean;
  /** An absolute path; nothing may be there. */
  envFile: string;
}

/** @throws {UsageError} */
export function readCommandLine(command: Command, args: string[]): CommandLine {
  const { help, check, env } = parse(command, args);
  if (check && !command.canCheck) throw new UsageError("Unknown option '--check'", command);
  return { wantsHelp: help, check, envFile: env ? resolve(env) : defaultEnvFile() };
}

function parse(command: Command, args: string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    // not --env-file, which Node 20 takes for its own wherever it stands
    const options = { check: flag, help: flag, env: { type: "string" } } as const;
    return parseArgs({ args, options }).values;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // "Unknown option '--chek'", at times with Node's advice behind it
    throw new UsageError(cause.message.split(/\.(?: |$)/, 1)[0] ?? "", command, cause);
  }
}
