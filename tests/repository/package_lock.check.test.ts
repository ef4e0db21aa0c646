import { expect, it } from "vitest";
import { z } from "zod";
import { readText } from "../../local/metadata/tree.ts";

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});
type Packages = z.infer<typeof lockFile>["packages"];

/**
 * The packages for other machines that a package names and the lock does not hold. npm leaves out, without
 * a word, what the registry does not have at that moment, and then `npm ci` refuses the lock everywhere.
 */
function missingOptionalPackages(packages: Packages): string[] {
  const locked = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
  return Object.values(packages)
    .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    .filter((name) => !locked.has(name));
}

it("locks every package that another machine than this one needs", () => {
  const { packages } = lockFile.parse(JSON.parse(readText("package-lock.json")));
  expect(missingOptionalPackages(packages)).toEqual([]);

  const control = {
    "": {},
    "node_modules/tool": { optionalDependencies: { "tool-mac": "1.0.0" } },
  };
  expect(missingOptionalPackages(control)).toEqual(["tool-mac"]);
});
