import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The Bun that Windmill 1.788's worker image ships (its Dockerfile, line 290). */
export const BUN_VERSION = "1.3.10";

/** What decides which of npm's @oven packages can run here. */
export interface Platform {
  os: NodeJS.Platform;
  cpu: string;
  musl: boolean;
  avx2: boolean;
}

export class BunBinaryMissing extends Error {
  readonly packages: string[];

  constructor(packages: string[], platform: Platform) {
    super(
      packages.length === 0
        ? `Bun ${BUN_VERSION} has no build for ${platform.os}-${platform.cpu}: steps can only run on Linux and macOS, x64 or arm64.`
        : `Bun ${BUN_VERSION} is not installed: none of ${packages.join(", ")} is in node_modules. Run "npm ci" without --omit=optional on this machine.`,
    );
    this.name = "BunBinaryMissing";
    this.packages = packages;
  }
}

/** The npm packages whose binary runs on a platform, the fastest first. */
export function bunPackages({ os, cpu, musl, avx2 }: Platform): string[] {
  const arch = { arm64: "aarch64", x64: "x64" }[cpu];
  if (arch === undefined || (os !== "linux" && os !== "darwin")) return [];
  const name = `@oven/bun-${os}-${arch}${os === "linux" && musl ? "-musl" : ""}`;
  if (arch === "aarch64") return [name];
  return avx2 ? [name, `${name}-baseline`] : [`${name}-baseline`];
}

export function currentPlatform(): Platform {
  return { os: process.platform, cpu: process.arch, musl: usesMusl(), avx2: hasAvx2() };
}

/**
 * The path of Bun's binary. Packages are read where npm put them, because install
 * scripts do not run here; where they did run, Bun's moved the binary into its own package.
 */
export function resolveBunBinary(platform: Platform = currentPlatform()): string {
  const packages = bunPackages(platform);
  const require = createRequire(import.meta.url);
  const folders = [...packages, ...(packages.length > 0 ? ["bun"] : [])];
  for (const folder of folders) {
    const binary = binaryOf(require, folder);
    if (binary !== undefined) return binary;
  }
  throw new BunBinaryMissing(packages, platform);
}

function binaryOf(require: NodeJS.Require, name: string): string | undefined {
  for (const root of require.resolve.paths(name) ?? []) {
    const file = join(root, name, "bin", name === "bun" ? "bun.exe" : "bun");
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    // Before its install script ran, the package "bun" holds a stub of a few hundred bytes.
    if (size > 1_000_000) return file;
  }
  return undefined;
}

/**
 * Whether C programs here link against musl, as on Alpine: there ldd is a script of musl's.
 * Not process.report, which looks up the names of open sockets' peers and hangs offline.
 */
function usesMusl(): boolean {
  const ldd = "/usr/bin/ldd";
  return (
    process.platform === "linux" && existsSync(ldd) && readFileSync(ldd, "utf8").includes("musl")
  );
}

/** Macs that run this have AVX2 or are arm64; on Linux the kernel says. */
function hasAvx2(): boolean {
  if (process.platform !== "linux") return true;
  return readFileSync("/proc/cpuinfo", "utf8").includes("avx2");
}
