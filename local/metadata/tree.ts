import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Repository paths of every file that is committed or would be by `git add -A`, sorted. */
export function filesOfTheTree(root: string = ROOT): string[] {
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const files = new Set(list.split("\0").filter((path) => path !== ""));
  return [...files].filter((path) => isFile(join(root, path))).sort();
}

/** Not so for what was deleted without `git rm`, and for a link to a folder. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

export function readText(path: string, root: string = ROOT): string {
  return readFileSync(join(root, path), "utf8");
}
