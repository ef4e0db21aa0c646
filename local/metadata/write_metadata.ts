/**
 * `npm run metadata`: brings what Windmill needs beside each script in step with the code:
 * dependencies/package.json, locks/package.json.lock and every f/**\/*.script.yaml. Run it after
 * you added a script, changed the parameters of a main, or imported a package. Then write the
 * sentences that it leaves empty.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateMetadata } from "./generate_metadata.ts";
import { filesOfTheTree, ROOT, readText } from "./tree.ts";
import { partsOfLock, resolveLock } from "./worker_lock.ts";
import { workerPackageJson } from "./worker_packages.ts";

const LOCK = "locks/package.json.lock";

const scripts = filesOfTheTree().filter((path) => /^f\/.*\.ts$/.test(path));
const { dependencies } = JSON.parse(readText("package.json")) as {
  dependencies: Record<string, string>;
};
const packageJson = workerPackageJson(
  scripts.map((path) => readText(path)),
  dependencies,
);
for (const folder of ["dependencies", "locks"]) mkdirSync(join(ROOT, folder), { recursive: true });
writeFileSync(join(ROOT, "dependencies/package.json"), packageJson);
if (!existsSync(join(ROOT, LOCK)) || partsOfLock(readText(LOCK))?.packageJson !== packageJson) {
  writeFileSync(join(ROOT, LOCK), resolveLock(packageJson));
}
// The CLI's memory of what it has already seen: without it, it looks at every script.
rmSync(join(ROOT, "wmill-lock.yaml"), { force: true });
generateMetadata(ROOT);
rmSync(join(ROOT, "wmill-lock.yaml"), { force: true });
process.stdout.write(`Metadata of ${scripts.length} scripts is in step with the code.\n`);
