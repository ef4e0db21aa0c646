import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { resolveBunBinary } from "../../local/windmill/bun_binary.ts";

const DOCKERFILE = fileURLToPath(new URL("../../webhook-server/Dockerfile", import.meta.url));

/**
 * The command that runs a server as its image does: made one file in `folder`, as webhook-server/Dockerfile makes it. Run
 * from its sources by tsx, the ingress takes half as much processor time again (369 µs a webhook, and 246), which no
 * production pays.
 */
export async function commandAsInTheImage(file: string, folder: string): Promise<string[]> {
  return [process.execPath, ...nodeFlags(), await bundle(file, folder)];
}

async function bundle(file: string, folder: string): Promise<string> {
  const flags = ["--target=node", "--sourcemap=linked", "--entry-naming=[name].mjs"];
  await promisify(execFile)(resolveBunBinary(), ["build", file, `--outdir=${folder}`, ...flags]);
  return join(folder, `${basename(file, ".ts")}.mjs`);
}

/** What the image's command gives to Node: ["node", …these, "server.mjs"]. */
function nodeFlags(): string[] {
  const [, command = "[]"] = /^CMD (\[.*\])$/m.exec(readFileSync(DOCKERFILE, "utf8")) ?? [];
  return z.array(z.string()).min(2).parse(JSON.parse(command)).slice(1, -1);
}
