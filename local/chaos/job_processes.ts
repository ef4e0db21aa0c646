import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A process of a job of the local Windmill. The job's id is the name of its working directory. */
export interface JobProcess {
  pid: number;
  jobId: string;
}

/** Of Linux' /proc, which is the only place that tells whose a connection is. */
export function jobProcesses(jobDirs: string): JobProcess[] {
  return numbersIn("/proc").flatMap((pid) => {
    const directory = linkOf(`/proc/${pid}/cwd`);
    if (directory === undefined || dirname(directory) !== jobDirs) return [];
    return [{ pid, jobId: basename(directory) }];
  });
}

/** The job whose process has the connection with this local port of 127.0.0.1. */
export function jobOfConnection(jobDirs: string, port: number): JobProcess | undefined {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inode = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1] === address)?.[9];
  if (inode === undefined) return undefined;
  return jobProcesses(jobDirs).find(({ pid }) =>
    numbersIn(`/proc/${pid}/fd`).some(
      (descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`) === `socket:[${inode}]`,
    ),
  );
}

/** False when it had ended. */
export function killJob({ pid }: JobProcess): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Runs the job's program a second time beside the first, with the same id, arguments and token, as Windmill does
 * with a job that was silent for too long. False when the first had ended.
 */
export function runCopy(jobDirs: string, { pid, jobId }: JobProcess): boolean {
  const copy = join(jobDirs, `${jobId}-copy`);
  try {
    const program = readlinkSync(`/proc/${pid}/exe`);
    const env = Object.fromEntries(
      readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .filter((entry) => entry.includes("="))
        .map((entry) => {
          const equals = entry.indexOf("=");
          return [entry.slice(0, equals), entry.slice(equals + 1)];
        }),
    );
    cpSync(join(jobDirs, jobId), copy, { recursive: true });
    const child = spawn(program, ["--no-install", "wrapper.mjs"], {
      cwd: copy,
      env,
      stdio: "ignore",
    });
    child.once("close", () => rmSync(copy, { recursive: true, force: true }));
    return true;
  } catch (error) {
    if (!isGone(error)) throw error;
    if (existsSync(copy)) rmSync(copy, { recursive: true, force: true });
    return false;
  }
}

function numbersIn(directory: string): number[] {
  try {
    return readdirSync(directory).map(Number).filter(Number.isInteger);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** It ended between two looks at it, or is another user's. */
function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String(code));
}
