import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const schedule = z.object({ script_path: z.string(), enabled: z.boolean() });
const script = z.object({ tag: z.string().optional() });

/** The flow that the ingress starts. */
export const FLOW = "f/chat/whatsapp_webhook_processor";

/** The tags of workers that scripts ask for, each once. */
export function tagsOfScripts(): string[] {
  const tags = filesEndingIn(".script.yaml").map((file) => script.parse(readYaml(file)).tag);
  return [...new Set(tags.filter((tag) => tag !== undefined))];
}

export interface ScheduleFile {
  readonly path: string;
  readonly script: string;
}

/** The schedules that are on in this checkout. */
export function enabledSchedules(): ScheduleFile[] {
  return filesEndingIn(".schedule.yaml").flatMap((file) => {
    const { script_path, enabled } = schedule.parse(readYaml(file));
    const path = relative(ROOT, file).replace(/\.schedule\.yaml$/, "");
    return enabled ? [{ path, script: script_path }] : [];
  });
}

/** The scripts that the flow runs. */
export function scriptsOfFlow(): string[] {
  const text = readFileSync(join(ROOT, `${FLOW}__flow`, "flow.yaml"), "utf8");
  return [
    ...new Set([...text.matchAll(/^\s*path: (f\/\S+)$/gm)].flatMap(([, path]) => path ?? [])),
  ];
}

function filesEndingIn(ending: string): string[] {
  const folder = join(ROOT, "f");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

function readYaml(file: string): unknown {
  return parse(readFileSync(file, "utf8"));
}
