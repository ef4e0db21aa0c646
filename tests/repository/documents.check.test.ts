import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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
const exampleOfEnv = readText(".env.example");

const SCRIPT = /\bnpm (?:run (?:-s )?([\w:-]+)|(test)\b)/g;
const MANAGE_DB = /db\/manage_db\.sh (?!--)([a-z-]+)/g;
const METRIC = /\b((?:ingress|chatbot)_[a-z_]+?)(?:_bucket)?(?=[[{ ]|$)/g;
const VARIABLE = /^(?:[A-Z]+_)+[A-Z]+$/;
const FOLDERS = /^(?:webhook-server|f|dependencies|locks|db|local|tests|bench|docs|deploy)\//;

const allIn = (pattern: RegExp, text: string) =>
  [...text.matchAll(pattern)].flatMap(([, ...groups]) => groups.filter(Boolean));

/** A path in the tree, as a script of Windmill also without its ending. */
function isThere(path: string): boolean {
  const candidates = [path, `${path}.ts`, `${path}__flow`];
  return candidates.some((candidate) => existsSync(join(ROOT, candidate)));
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
