import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bundler } from "./bundle.ts";
import { loadScript } from "./script_catalog.ts";
import { hasMain } from "./script_signature.ts";

/** Bundles every script under `f/` that has a main, one after the other. */
export async function bundleScripts(repositoryRoot: string, bundler: Bundler): Promise<void> {
  const files = readdirSync(join(repositoryRoot, "f"), { recursive: true, encoding: "utf8" });
  // A flow's folder holds inline code, which is bundled when its step runs.
  const scripts = files.filter((name) => name.endsWith(".ts") && !/(__|\.)flow[\\/]/.test(name));
  for (const name of scripts) {
    const path = `f/${name.replace(/\.ts$/, "").replaceAll("\\", "/")}`;
    const { file, code } = loadScript(repositoryRoot, path);
    if (hasMain(path, code)) await bundler.bundle(file);
  }
}
