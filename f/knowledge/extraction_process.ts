import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { buffer, text } from "node:stream/consumers";
import {
  DocumentDamagedError,
  DocumentError,
  DocumentRefusedError,
  DocumentTooHeavyError,
} from "./document_errors.ts";
import { extractDocument } from "./extract_document.ts";
import type { ExtractedDocument, RawDocument } from "./extracted_document.ts";
import type { FileType } from "./file_type.ts";

/** How far a document may go before its process is killed. */
export interface ExtractionLimits {
  timeoutMs: number;
  memoryBytes: number;
}

/** A PDF of 2,000 pages takes 5 s and 600 MB. The worker has 2 GB (docker-compose.yml), and the job some of them. */
export const EXTRACTION_LIMITS: ExtractionLimits = {
  timeoutMs: 60_000,
  memoryBytes: 1_200 * 1024 * 1024,
};

export type Extract = (type: FileType, raw: RawDocument) => Promise<ExtractedDocument>;

const FLAG = "--extract-document";
const WATCH_EVERY_MS = 50;

type Answer = { document: ExtractedDocument } | { refusal: string };

/**
 * Extracts in a process of its own, which is killed when it takes too long or too much: no timer runs in a process
 * that a parser keeps busy. `program` is a file that calls answerExtraction at its start.
 */
export function extractInProcess(
  program: string,
  limits: ExtractionLimits = EXTRACTION_LIMITS,
  runtime: readonly string[] = [process.execPath, ...process.execArgv],
): Extract {
  return async (type, raw) => {
    // The shell's limit ends it, too, when this process has been killed and nobody watches any more.
    const seconds = Math.ceil((limits.timeoutMs * 2) / 1_000);
    const child = spawn(
      "/bin/sh",
      ["-c", `ulimit -t ${seconds}; exec "$0" "$@"`, ...runtime, program, FLAG, type],
      { env: { PATH: process.env.PATH ?? "" }, stdio: ["pipe", "pipe", "pipe"] },
    );
    const watch = watchLimits(child, limits);
    // a process that is killed does not read to the end: what became of it is known below
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.end(Buffer.concat([Buffer.from(`${raw.charset ?? ""}\n`), raw.bytes]));
    const [output, problem, end] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended(child),
    ]).finally(() => watch.stop());
    const exceeded = watch.exceeded();
    if (exceeded) throw new DocumentTooHeavyError(exceeded);
    return documentIn(output, problem, end);
  };
}

interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

function ended(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function documentIn(output: string, problem: string, { code, signal }: ProcessEnd) {
  // SIGKILL: the system was out of memory. SIGXCPU: ulimit. SIGSEGV, SIGILL, SIGTRAP: how Bun ends without memory.
  if (signal !== null) {
    console.warn(`The extraction process was ended by ${signal}: ${problem.trim().slice(-1_000)}`);
    throw new DocumentTooHeavyError(signal === "SIGXCPU" ? "time" : "memory");
  }
  if (code !== 0) throw new ExtractionFailedError(code, problem);
  const answer = JSON.parse(output) as Answer;
  if ("refusal" in answer) throw new DocumentRefusedError(answer.refusal);
  return answer.document;
}

/** The process did not answer, for a reason that is none of the document's. */
export class ExtractionFailedError extends Error {
  override readonly name = "ExtractionFailedError";
  readonly exitCode: number | null;

  constructor(exitCode: number | null, output: string) {
    super(`The extraction process ended with code ${exitCode}: ${output.trim().slice(-1_000)}`);
    this.exitCode = exitCode;
  }
}

function watchLimits(child: ChildProcess, { timeoutMs, memoryBytes }: ExtractionLimits) {
  let exceeded: "time" | "memory" | undefined;
  const end = (limit: "time" | "memory") => {
    exceeded ??= limit;
    child.kill("SIGKILL");
  };
  const timer = setTimeout(() => end("time"), timeoutMs);
  const watch = setInterval(async () => {
    if ((await residentBytes(child.pid)) > memoryBytes) end("memory");
  }, WATCH_EVERY_MS);
  return {
    exceeded: () => exceeded,
    stop: () => {
      clearTimeout(timer);
      clearInterval(watch);
    },
  };
}

/** 0 where there is no /proc (macOS) and for a process that has ended: then only its time is limited. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch (error) {
    if (error instanceof Error && "code" in error) return 0;
    throw error;
  }
}

/** In the process that extractInProcess started: extracts, answers and ends. In any other: does nothing. */
export async function answerExtraction(): Promise<void> {
  const at = process.argv.indexOf(FLAG);
  if (at === -1) return;
  const input = await buffer(process.stdin);
  const lineEnd = input.indexOf("\n");
  const charset = input.toString("latin1", 0, lineEnd) || undefined;
  const raw = { bytes: input.subarray(lineEnd + 1), charset };
  const answer = await answerTo(process.argv[at + 1] as FileType, raw);
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

async function answerTo(type: FileType, raw: RawDocument): Promise<Answer> {
  try {
    return { document: await extractDocument(type, raw) };
  } catch (error) {
    if (error instanceof DocumentError) return { refusal: error.message };
    // a parser that we do not know stumbles over a document: what it says is for the log
    console.error(error);
    return { refusal: new DocumentDamagedError("The document").message };
  }
}
