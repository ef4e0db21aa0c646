import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  BUN_VERSION,
  BunBinaryMissing,
  bunPackages,
  resolveBunBinary,
} from "../../../local/windmill/bun_binary.ts";

const linux = { os: "linux" as const, cpu: "x64", musl: false, avx2: true };

describe("Bun's binary", () => {
  it("is the version that Windmill's image ships", () => {
    const version = execFileSync(resolveBunBinary(), ["--version"], { encoding: "utf8" });
    expect(version.trim()).toBe(BUN_VERSION);
  });

  it.each([
    ["Linux with AVX2", linux, ["@oven/bun-linux-x64", "@oven/bun-linux-x64-baseline"]],
    ["Linux without AVX2", { ...linux, avx2: false }, ["@oven/bun-linux-x64-baseline"]],
    [
      "Alpine",
      { ...linux, musl: true },
      ["@oven/bun-linux-x64-musl", "@oven/bun-linux-x64-musl-baseline"],
    ],
    ["Linux on arm64", { ...linux, cpu: "arm64" }, ["@oven/bun-linux-aarch64"]],
    [
      "a Mac with an M chip",
      { ...linux, os: "darwin" as const, cpu: "arm64" },
      ["@oven/bun-darwin-aarch64"],
    ],
    ["Windows, where steps cannot run", { ...linux, os: "win32" as const }, []],
  ])("comes from the right package on %s", (_title, platform, packages) => {
    expect(bunPackages(platform)).toEqual(packages);
  });

  it("is missed with a sentence that says what to do", () => {
    expect(() => resolveBunBinary({ ...linux, os: "win32" })).toThrow(BunBinaryMissing);
  });
});
