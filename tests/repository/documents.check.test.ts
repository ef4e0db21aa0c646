import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT, readText } from "../../local/metadata/tree.ts";
import { blocksIn, codeIn, DOCUMENTS, statementsIn } from "./documents.ts";

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readText("package.json")));
const manageDb = readText("db/manage_db.sh");
const metricsSources = ["webhook-server/metrics.ts", "f/operations/metrics.ts"].map((path) =>
  readText(path),
);
/** Where the database's names, the owner's role and the alert of a changed tool are given. */
const namingSources = ["db/schema.sql", "db/init/roles.sql", "f/chat/tools/tool_definitions.ts"]
  .map((path) => readText(path))
  .concat(metricsSources)
  .join("\n");
const exampleOfEnv = readText(".env.example");

const SCRIPT = /\bnpm (?:run (?:-s )?([\w:-]+)|(test)\b)/g;
const MANAGE_DB = /db\/manage_db\.sh (?!--)([a-z-]+)/g;
const METRIC = /\b((?:ingress|chatbot)_[a-z_]+?)(?:_bucket)?(?=[[{ ]|$)/g;
const VARIABLE = /^(?:[A-Z]+_)+[A-Z]+$/;
const SNAKE_CASE = /^[a-z]+(?:_[a-z]+)+$/;
const OF_POSTGRES = /^(?:pg_\w+|max_connections)$/;
const FOLDERS = /^(?:webhook-server|f|dependencies|locks|db|local|tests|bench|docs|deploy)\//;

const allIn = (pattern: RegExp, text: string) =>
  [...text.matchAll(pattern)].flatMap(([, ...groups]) => groups.filter(Boolean));

/** A path in the tree, as a script of Windmill also without its ending. */
function isThere(path: string): boolean {
  const candidates = [path, `${path}.ts`, `${path}__flow`];
  return candidates.some((candidate) => existsSync(join(ROOT, candidate)));
}

const scriptMetadata = z.object({
  schema: z.object({
    properties: z.record(z.string(), z.unknown()),
    required: z.array(z.string()).default([]),
  }),
});

/** A script of Windmill with its arguments, as the CLI or the API is given them. */
interface Call {
  script: string;
  args: string[];
}

/** `wmill script run <path> -d '<arguments>'`, and curl at `…/jobs/run…/p/<path> …`. */
function callsIn(text: string): Call[] {
  const oneLine = text.replaceAll("\\\n", " ");
  const calls = /(?:wmill script run |\/p\/)(f\/[\w/]+)\b.*? -d '(\{.*?\})'/g;
  return [...oneLine.matchAll(calls)].map(([, script = "", args = ""]) => ({
    script,
    args: Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(args))),
  }));
}

/** What the script does not take, and what it cannot do without. */
function wrongArguments({ script, args }: Call): string[] {
  const { schema } = scriptMetadata.parse(parse(readText(`${script}.script.yaml`)));
  return [
    ...args.filter((name) => !(name in schema.properties)),
    ...schema.required.filter((name) => !args.includes(name)).map((name) => `without ${name}`),
  ];
}

/** Paths are names of files here, but for those of Windmill's resources and variables. */
function pathsIn(markdown: string): string[] {
  return codeIn(markdown)
    .map((code) => code.replace(/^npx wmill script run /, ""))
    .filter((code) => FOLDERS.test(code) && !/[\s*<$]/.test(code))
    .filter((code) => !/^f\/platform\/(?!.*\.ts$)/.test(code));
}

describe("what a check of documents reads", () => {
  const sample = [
    "Run `npm run dev` and read `db/schema.sql`; `select 1` says one.",
    "1. In a list:",
    "",
    "   ```sql",
    "   -- why",
    "   select 2;",
    "   ```",
  ].join("\n");

  it("finds blocks, also in lists, and code in sentences", () => {
    expect(blocksIn(sample, "sql")).toEqual(["-- why\nselect 2;\n"]);
    expect(codeIn(sample)).toEqual(["npm run dev", "db/schema.sql", "select 1"]);
    expect(pathsIn(sample)).toEqual(["db/schema.sql"]);
    expect(allIn(SCRIPT, sample)).toEqual(["dev"]);
    const [run] = callsIn(`wmill script run f/operations/block_contact -d '{"chatbot": "1"}'`);
    expect(run && wrongArguments(run)).toEqual(["chatbot", "without chatbot_id", "without db"]);
    expect(isThere("db/no_such_file.sql")).toBe(false);
  });
});

describe.each(DOCUMENTS)("%s", (document) => {
  const text = readText(document);

  it("names npm scripts that package.json has", () => {
    expect(allIn(SCRIPT, text).filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names paths that are there", () => {
    const paths = pathsIn(text);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });

  it("names commands that db/manage_db.sh has", () => {
    const commands = new Set(allIn(MANAGE_DB, text));
    expect(commands.size).toBeGreaterThan(1);
    expect([...commands].filter((command) => !manageDb.includes(`  ${command} `))).toEqual([]);
  });

  it("names variables that .env.example explains", () => {
    const variables = codeIn(text)
      .map((code) => code.replace(/=.*/, ""))
      .filter((code) => VARIABLE.test(code));
    const known = [...exampleOfEnv.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    // of the demo and of tests, and of no installation
    const others = [
      "OPENAI_API_KEY",
      "GOOGLE_API_KEY",
      "TEST_DATABASE_URL",
      "WHATSAPP_WEBHOOKS_DIR",
    ];
    expect(variables.filter((name) => ![...known, ...others].includes(name))).toEqual([]);
  });
});

describe("docs/operating.md", () => {
  it("gives scripts the arguments that they have", () => {
    const calls = callsIn(readText("docs/operating.md"));
    expect(calls.length).toBeGreaterThan(1);
    expect(calls.flatMap(wrongArguments)).toEqual([]);
  });

  it("calls scripts, roles, columns and alerts by names that they have", () => {
    const named = codeIn(readText("docs/operating.md")).filter((code) => SNAKE_CASE.test(code));
    expect(named.length).toBeGreaterThan(20);
    const isKnown = (name: string) =>
      isThere(`f/operations/${name}`) ||
      new RegExp(`\\b${name}\\b`).test(namingSources) ||
      OF_POSTGRES.test(name);
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  it("alerts on metrics that the ingress or f/operations/metrics has", () => {
    // the roles begin with chatbot_, too
    const named = codeIn(readText("docs/operating.md"))
      .filter((code) => /[<>]|_total/.test(code))
      .flatMap((code) => allIn(METRIC, code));
    expect(named.length).toBeGreaterThan(8);
    const known = new Set(
      metricsSources.flatMap((source) => allIn(/"((?:ingress|chatbot)_\w+)"/g, source)),
    );
    expect(named.filter((name) => name !== undefined && !known.has(name))).toEqual([]);
  });

  it("shows statements to try", () => {
    expect(statementsIn("docs/operating.md").length).toBeGreaterThan(10);
  });
});
