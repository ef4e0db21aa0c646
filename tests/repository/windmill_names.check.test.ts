import { Cron } from "croner";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { filesOfTheTree, readText } from "../../local/metadata/tree.ts";

const files = filesOfTheTree();
const deployed = files.filter((path) => path.startsWith("f/"));
const scripts = deployed.filter((path) => path.endsWith(".ts"));

/** What is wrong with a script's name, for Windmill 1.788 and its CLI. */
function nameProblems(file: string): string[] {
  const path = file.replace(/\.ts$/, "");
  const problems: string[] = [];
  if (!/^[ufg](\/[\w-]+){2,}$/.test(path))
    problems.push("no legal path: proper_id in its database");
  // script_common.ts, inferContentTypeFromFilePath: such endings choose another language.
  if (/(fetch|deno|bun)$/.test(path)) problems.push("its ending makes it no Bun script");
  return problems.map((problem) => `${file}: ${problem}`);
}

describe("names under f/", () => {
  it.each(["f/chat/load.test.ts", "f/load.ts", "f/chat/prefetch.ts", "f/chat/bun.ts"])(
    "refuses %s",
    (path) => expect(nameProblems(path)).toHaveLength(1),
  );

  it("are legal in Windmill", () => {
    expect(nameProblems("f/chat/agent/load_context.ts")).toEqual([]); // control
    expect(scripts.flatMap(nameProblems)).toEqual([]);
  });
});

describe("beside the scripts", () => {
  it("each script has its .script.yaml", () => {
    const bare = scripts.filter((path) => !files.includes(path.replace(/\.ts$/, ".script.yaml")));
    expect(bare, 'run "npm run metadata", then write the sentences').toEqual([]);
  });

  it("each folder of Windmill has its folder.meta.yaml", () => {
    const folders = new Set(deployed.map((path) => path.split("/").slice(0, 2).join("/")));
    const bare = [...folders].filter((folder) => !files.includes(`${folder}/folder.meta.yaml`));
    expect(bare, 'run "npx wmill folder add-missing"').toEqual([]);
  });

  it("there is nothing that Windmill would not take", () => {
    const known = /\.ts$|\.script\.yaml$|__flow\/flow\.yaml$|\.schedule\.yaml$|folder\.meta\.yaml$/;
    expect(deployed.filter((path) => !known.test(path))).toEqual([]);
  });
});

const schedule = z.strictObject({
  schedule: z.string().refine(isSixFieldCron, "is no cron of six fields, seconds first"),
  timezone: z.string().min(1),
  script_path: z.string(),
  is_flow: z.boolean(),
  args: z.record(z.string(), z.unknown()),
  enabled: z.boolean(),
  summary: z.string().min(1).optional(),
  description: z.string().optional(),
});

/** Windmill's schedules begin with the seconds; five fields would be read as another time. */
function isSixFieldCron(text: string): boolean {
  if (text.trim().split(/\s+/).length !== 6) return false;
  try {
    return new Cron(text, { paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

describe("schedules", () => {
  it("refuse a cron of five fields, and one that never comes", () => {
    expect(["0 * * * *", "0 0 0 31 2 *", "60 * * * * *", ""].filter(isSixFieldCron)).toEqual([]);
    expect(isSixFieldCron("0 */5 * * * *")).toBe(true); // control
  });

  it("parse, and start something that exists", () => {
    for (const path of deployed.filter((file) => file.endsWith(".schedule.yaml"))) {
      const { script_path, is_flow } = schedule.parse(parse(readText(path)), {
        error: (issue) => `${path}: ${issue.message ?? issue.code}`,
      });
      expect(files).toContain(is_flow ? `${script_path}__flow/flow.yaml` : `${script_path}.ts`);
    }
  });
});
