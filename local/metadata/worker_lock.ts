import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveBunBinary } from "../windmill/bun_binary.ts";

/** Windmill 1.788, bun_executor.rs: BUN_LOCK_SPLIT parts package.json from bun.lock. */
const SEPARATOR = "\n//bun.lock\n";

/** The two files inside a script's lock, as a Windmill worker reads them; undefined when it is none. */
export function partsOfLock(lock: string): { packageJson: string; bunLock: string } | undefined {
  const at = lock.indexOf(SEPARATOR);
  if (at === -1) return undefined;
  return { packageJson: lock.slice(0, at), bunLock: lock.slice(at + SEPARATOR.length) };
}

/**
 * The lock that a worker would make of dependencies/package.json: a worker ignores the script's
 * own imports when that file exists (bun_executor.rs, gen_bun_lockfile), so one lock serves all.
 * Asks the npm registry which versions the packages' own dependencies have.
 */
export function resolveLock(packageJson: string): string {
  const folder = mkdtempSync(join(tmpdir(), "worker-lock-"));
  try {
    writeFileSync(join(folder, "package.json"), packageJson);
    execFileSync(resolveBunBinary(), ["install", "--save-text-lockfile", "--lockfile-only"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    return packageJson + SEPARATOR + readFileSync(join(folder, "bun.lock"), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
