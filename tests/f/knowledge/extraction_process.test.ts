import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type ExtractionLimits,
  extractInProcess,
} from "../../../f/knowledge/extraction_process.ts";

const MIB = 1024 * 1024;
/** Only what hangs meets them. */
const LIMITS: ExtractionLimits = { timeoutMs: 120_000, memoryBytes: 500 * MIB };

/** Another program in the place of the parsers: what counts here is what is done with a process. */
const extractBy = (runtime: string[], limits = LIMITS) =>
  extractInProcess(
    "program.ts",
    limits,
    runtime,
  )("text", {
    bytes: Buffer.from("We open at nine."),
    charset: "windows-1251",
  });
const shell = (script: string, limits = LIMITS) => extractBy(["/bin/sh", "-c", script], limits);
/** Refuses the document, and what the command writes is the sentence. */
const saying = (command: string) => shell(`printf '{"refusal":"%s"}' "$(${command})"`);

describe("extractInProcess", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("hands over the program, the type, the character set and the bytes", async () => {
    const heard = saying("echo $0 $1 $2 $(cat)");
    await expect(heard).rejects.toThrow(
      /^program.ts --extract-document text windows-1251 We open at nine.$/,
    );
  });

  it("keeps what this process knows from the one that reads a stranger's document", async () => {
    vi.stubEnv("WM_TOKEN", "secret");
    const names = saying("env | cut -d= -f1 | tr '\\n' ' '");
    await expect(names).rejects.toThrow("PATH"); // control
    await expect(names).rejects.not.toThrow("WM_TOKEN");
  });

  it("ends one that takes too much memory", async () => {
    const hoard = "globalThis.kept = Buffer.alloc(600 << 20, 1); setInterval(() => {}, 1000)";
    await expect(extractBy([process.execPath, "-e", hoard])).rejects.toMatchObject({
      name: "DocumentTooHeavyError",
      limit: "memory",
    });
  });

  it("ends one that takes too long, though it does nothing", async () => {
    await expect(shell("exec sleep 60", { ...LIMITS, timeoutMs: 100 })).rejects.toMatchObject({
      name: "DocumentTooHeavyError",
      limit: "time",
    });
  });

  it("gives it a limit of the system's, too, for when nobody watches any more", async () => {
    await expect(saying("ulimit -t")).rejects.toThrow(/^240$/);
  });

  it.each([
    ["KILL", "memory"],
    ["XCPU", "time"],
  ])("knows by SIG%s that the document took too much %s", async (signal, limit) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    await expect(shell(`kill -${signal} $$`)).rejects.toMatchObject({
      name: "DocumentTooHeavyError",
      limit,
    });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(`SIG${signal}`));
    warn.mockRestore();
  });

  it("does not blame the document when the program fails", async () => {
    await expect(shell("echo no such file >&2; exit 3")).rejects.toMatchObject({
      name: "ExtractionFailedError",
      exitCode: 3,
      message: expect.stringContaining("no such file"),
    });
  });
});
