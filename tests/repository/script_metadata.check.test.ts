import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { generateMetadata } from "../../local/metadata/generate_metadata.ts";
import { filesOfTheTree, ROOT, readText } from "../../local/metadata/tree.ts";

const metadata = z.looseObject({
  summary: z.string(),
  lock: z.string(),
  schema: z.looseObject({
    properties: z.record(z.string(), z.looseObject({ description: z.string() })),
  }),
});

const files = filesOfTheTree().filter((path) => /^f\/.*\.script\.yaml$/.test(path));

describe("the .script.yaml of each script", () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "script-metadata-"));
    for (const path of ["f", "dependencies", "locks", "wmill.yaml"]) {
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    }
    writeFileSync(
      join(copy, "f/platform/of_the_test.ts"),
      "export async function main(count: number, kind: 'pdf' | 'url', note?: string) {}",
    );
    generateMetadata(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it("is made by Windmill's CLI from the code, with the network away", () => {
    const { schema, lock } = metadata.parse(
      parse(readFileSync(join(copy, "f/platform/of_the_test.script.yaml"), "utf8")),
    );
    expect(schema).toMatchObject({
      properties: { count: { type: "number" }, kind: { enum: ["pdf", "url"] }, note: {} },
      required: ["count", "kind"],
    });
    expect(lock).toBe("!inline locks/package.json.lock");
  });

  it.each(files)("%s is in step with the code", (path) => {
    expect(readText(path), 'run "npm run metadata"').toBe(readFileSync(join(copy, path), "utf8"));
  });
});

/** What is missing from the words that people read in Windmill's form. */
function wordsMissing(path: string, text: string): string[] {
  const parsed = metadata.safeParse(parse(text));
  if (!parsed.success) return [`${path}: ${z.prettifyError(parsed.error)}: run "npm run metadata"`];
  const { summary, schema } = parsed.data;
  const problems = isTitle(summary) ? [] : [`${path}: summary "${summary}" says nothing`];
  for (const [name, { description }] of Object.entries(schema.properties)) {
    if (isTitle(description) && description.endsWith(".")) continue;
    problems.push(`${path}: the description of ${name}, "${description}", is no sentence`);
  }
  return problems;
}

function isTitle(text: string): boolean {
  return /^[A-Z0-9]/.test(text) && text.trim().split(/\s+/).length >= 3;
}

describe("the words in .script.yaml", () => {
  it.each([
    ["summary: ''\nlock: ''\nschema: { properties: {} }"],
    ["summary: load\nlock: ''\nschema: { properties: {} }"],
    ["summary: Load a turn\nlock: ''\nschema: { properties: { id: { description: '' } } }"],
    ["summary: Load a turn\nlock: ''\nschema: { properties: { id: { description: The id } } }"],
  ])("are missing in %j", (text) => expect(wordsMissing("a", text)).toHaveLength(1));

  it("are enough with a summary, and a sentence for each parameter", () => {
    const text =
      "summary: Load a turn\nlock: ''\nschema: { properties: { id: { description: 'Id of the turn.' } } }";
    expect(wordsMissing("a", text)).toEqual([]);
  });

  it("are there for every script", () => {
    expect(files.flatMap((path) => wordsMissing(path, readText(path)))).toEqual([]);
  });
});
