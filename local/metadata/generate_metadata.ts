import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";

const require = createRequire(import.meta.url);

/**
 * Runs the real `wmill generate-metadata` on the scripts of a folder that holds wmill.yaml:
 * each script.yaml gets the parameters that its main has now and the shared lock, and keeps
 * what people wrote in it. Needs no server.
 */
export function generateMetadata(folder: string): void {
  const cli = [require.resolve("windmill-cli"), "generate-metadata", "--yes"];
  const scriptsOnly = ["--skip-flows", "--skip-apps"];
  const noServer = ["--base-url", "http://no-server.invalid", "--token", "-", "--workspace", "-"];
  execFileSync(
    process.execPath,
    ["--import", preload("answer_without_server.ts"), ...cli, ...scriptsOnly, ...noServer],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...CONFIG_FOLDER } },
  );
}

/** Otherwise the CLI makes ~/.config/windmill, where an operator's logins are. */
const CONFIG_FOLDER = { WMILL_CONFIG_DIR: join(tmpdir(), "wmill-without-server") };

/** Node 20 runs no TypeScript, and tsx would spend 3 s on the CLI's 3.7 MB bundle. */
function preload(file: string): string {
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return `data:text/javascript,${encodeURIComponent(outputText)}`;
}
