import { builtinModules } from "node:module";
import { importsOf, packageOf } from "./imports.ts";

export class UnpinnedPackage extends Error {
  readonly packageName: string;

  constructor(packageName: string, version: string | undefined) {
    super(
      version === undefined
        ? `A script under f/ imports ${packageName}, which is not in package.json's dependencies: run "npm i --save-exact ${packageName}".`
        : `package.json asks for ${packageName} "${version}", which is no exact version: Windmill's workers would install another one than the tests ran with.`,
    );
    this.name = "UnpinnedPackage";
    this.packageName = packageName;
  }
}

/** The packages that sources need when they run: what only types come from is left out. */
export function packagesImportedBy(sources: string[]): string[] {
  const names = sources
    .flatMap(importsOf)
    .filter((found) => !found.isTypeOnly)
    .map((found) => packageOf(found.specifier))
    .filter((name) => name !== undefined && !builtinModules.includes(name));
  return [...new Set(names as string[])].sort();
}

/**
 * The text of dependencies/package.json: what Windmill's workers install for every script
 * without an annotation of its own, at the versions of package.json.
 */
export function workerPackageJson(sources: string[], versions: Record<string, string>): string {
  const dependencies = Object.fromEntries(
    packagesImportedBy(sources).map((name) => [name, exactVersion(name, versions[name])]),
  );
  return `${JSON.stringify({ dependencies }, null, 2)}\n`;
}

function exactVersion(name: string, version: string | undefined): string {
  if (version === undefined || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    throw new UnpinnedPackage(name, version);
  }
  return version;
}
