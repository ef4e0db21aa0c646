import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOfTheTree, readText } from "../../local/metadata/tree.ts";
import {
  leftovers,
  lineCount,
  MAX_FILE_LINES,
  MAX_MEDIAN_LINES,
  median,
  ruleBreaks,
} from "./house_numbers.ts";

const files = filesOfTheTree();
const typescript = files.filter((path) => path.endsWith(".ts"));
/** A dump of the database: as long as the database is large. */
const written = [...typescript, ...files.filter((path) => /\.(sql|sh)$/.test(path))].filter(
  (path) => path !== "db/schema.sql",
);

const lines = (count: number) => "  f();\n".repeat(count);

describe("rules inside a file", () => {
  it.each([
    ["let a: any;", "any"],
    ["const a = b as any;", "any"],
    ["function a(b: Record<string, any>) {}", "any"],
    ["try { a(); } catch {}", "an empty catch"],
    ["try { a(); } catch (error) { /* never mind */ }", "an empty catch"],
    ["await a().catch(() => {});", ".catch"],
    ["await a().catch(function () {});", ".catch"],
    ["it.skip('a', () => {});", ".skip"],
    ["describe.only('a', () => {});", ".only"],
    ["test.concurrent.only('a', () => {});", ".only"],
    ["it.each([1]).skip('a', () => {});", ".skip"],
    ["it.todo('a');", ".todo"],
    [`function a() {\n${lines(80)}}`, "a has 82 lines"],
    [`class A {\n  b() {\n${lines(80)}}\n}`, "b has 82 lines"],
    [`export async function main() {\n${lines(40)}}`, "main has 42 lines"],
  ])("refuse %s", (source, problem) => {
    expect(ruleBreaks("a.ts", source)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    "let a: unknown;",
    "try { a(); } catch (cause) { throw new Error('a', { cause }); }",
    "await a().catch((error) => note(error));",
    "it('a', () => {}); it.each([1])('a', () => {});",
    `function a() {\n${lines(78)}}`,
    `export async function main() {\n${lines(38)}}`,
    "// any skip, only: words",
  ])("pass %s", (source) => expect(ruleBreaks("a.ts", source)).toEqual([]));

  it("hold in this repository", () => {
    expect(typescript.flatMap((path) => ruleBreaks(path, readText(path)))).toEqual([]);
  });
});

describe("files", () => {
  it("have one subject each: none is too long, most are short", () => {
    const counted = written.map((path) => ({ path, count: lineCount(readText(path)) }));
    expect(counted.filter(({ count }) => count > MAX_FILE_LINES)).toEqual([]);
    const code = counted.filter(({ path }) => /\.ts$/.test(path) && !path.startsWith("tests/"));
    expect(median(code.map(({ count }) => count))).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it("are named by their subject, in snake_case", () => {
    const legal = /^[a-z][a-z0-9_]*(\.(unit|server|check|bodies))?(\.test)?(\.d)?\.ts$/;
    const bucket = /^(utils?|helpers?|common|misc|shared|index)\./;
    const names = typescript.filter((path) => path !== "vitest.config.ts");
    expect(names.filter((path) => !legal.test(basename(path)))).toEqual([]);
    expect(names.filter((path) => bucket.test(basename(path)))).toEqual([]);
  });

  it("hold nothing unfinished", () => {
    expect(leftovers("a.ts", `// ${"TO"}${"DO"}: later`)).toHaveLength(1); // control
    const texts = files.filter((path) => /\.(ts|sql|sh|ya?ml|md)$|\.ci\//.test(path));
    expect(texts.flatMap((path) => leftovers(path, readText(path)))).toEqual([]);
  });

  it("have a README of at most 200 lines", () => {
    expect(lineCount(readText("README.md"))).toBeLessThanOrEqual(200);
  });
});
