import { describe, expect, it } from "vitest";
import { filesOfTheTree, readText } from "../../local/metadata/tree.ts";
import { partsOfLock } from "../../local/metadata/worker_lock.ts";
import {
  packagesImportedBy,
  UnpinnedPackage,
  workerPackageJson,
} from "../../local/metadata/worker_packages.ts";
import { manifest } from "./manifest.ts";

const REMEDY = 'run "npm run metadata"';
const scripts = filesOfTheTree().filter((path) => /^f\/.*\.ts$/.test(path));

describe("dependencies/package.json", () => {
  it("leaves out types, our own files and what Bun and Node bring", () => {
    const sources = [
      'import { z } from "zod"; import type { Client } from "pg"; import { a } from "./a.ts";',
      'import fs from "node:fs"; import path from "path"; import { sql } from "bun"; import "bun:test";',
      'export { b } from "@scope/b/deep"; const c = await import("c/file");',
    ];
    expect(packagesImportedBy(sources)).toEqual(["@scope/b", "c", "zod"]);
  });

  it("refuses a package that package.json lacks or does not pin", () => {
    const source = ['import { z } from "zod"'];
    expect(() => workerPackageJson(source, {})).toThrow(UnpinnedPackage);
    expect(() => workerPackageJson(source, { zod: "^4.0.0" })).toThrow(UnpinnedPackage);
    expect(workerPackageJson(source, { zod: "4.0.0" })).toContain('"zod": "4.0.0"'); // control
  });

  it("is what the scripts import, at the versions of package.json", () => {
    const sources = scripts.map((path) => readText(path));
    const expected = workerPackageJson(sources, manifest.dependencies);
    expect(readText("dependencies/package.json"), REMEDY).toBe(expected);
  });
});

describe("locks/package.json.lock", () => {
  const lock = () => partsOfLock(readText("locks/package.json.lock"));

  it("was resolved from dependencies/package.json", () => {
    expect(lock()?.packageJson, REMEDY).toBe(readText("dependencies/package.json"));
  });

  it("holds every package at its exact version", () => {
    const { dependencies } = JSON.parse(readText("dependencies/package.json")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies)) {
      expect(lock()?.bunLock, REMEDY).toContain(`"${name}": ["${name}@${version}"`);
    }
  });
});
