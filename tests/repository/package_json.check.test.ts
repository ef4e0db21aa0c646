import { describe, expect, it } from "vitest";
import { importsOf, packageOf } from "../../local/metadata/imports.ts";
import { filesOfTheTree, readText } from "../../local/metadata/tree.ts";
import { manifest } from "./manifest.ts";

const { scripts, dependencies, devDependencies } = manifest;
const packages = { ...dependencies, ...devDependencies };
const code = filesOfTheTree().filter((path) => path.endsWith(".ts"));

/** Used without an import: by the name of their command, or by TypeScript and Bun themselves. */
const USED_BY: Record<string, string> = {
  "@biomejs/biome": "biome",
  "windmill-cli": "wmill",
  tsx: "tsx",
  typescript: "tsc",
  vitest: "vitest",
};

/** Found where npm put it and run, not imported: bun_binary.ts, conformance_mcp.ts, mcp_reference_server.ts. */
const RUN_FROM_NODE_MODULES = [
  "bun",
  "@modelcontextprotocol/conformance",
  "@modelcontextprotocol/server-everything",
];

function isUsed(name: string, imported: ReadonlySet<string>): boolean {
  if (imported.has(name) || RUN_FROM_NODE_MODULES.includes(name)) return true;
  const command = USED_BY[name];
  if (command !== undefined) {
    return Object.values(scripts).some((script) => script.split(/\s+/).includes(command));
  }
  if (!name.startsWith("@types/")) return false;
  const typed = name.slice("@types/".length);
  return typed === "node" || imported.has(typed);
}

describe("package.json", () => {
  const specifiers = code.flatMap((path) => importsOf(readText(path)));
  const imported = new Set(specifiers.flatMap(({ specifier }) => packageOf(specifier) ?? []));

  it("pins every package to one version", () => {
    const loose = Object.entries(packages).filter(([, v]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(v));
    expect(loose).toEqual([]);
  });

  it("names no package that nothing uses", () => {
    expect(isUsed("left-pad", imported)).toBe(false); // control
    expect(Object.keys(packages).filter((name) => !isUsed(name, imported))).toEqual([]);
  });

  it("gives what runs in production as dependencies, not as devDependencies", () => {
    const shipped = code.filter((path) => /^(f|webhook-server)\//.test(path));
    const names = shipped
      .flatMap((path) => importsOf(readText(path)))
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .flatMap(({ specifier }) => packageOf(specifier) ?? []);
    expect(names.filter((name) => Object.hasOwn(devDependencies, name))).toEqual([]);
  });
});
