import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { maskSecrets } from "../../../f/platform/mask.ts";

const FOLDER = "deploy/doctor/checks";

/** Every text that stands in a source, with "…" for what is filled in. */
function textsIn(source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) {
      texts.push(
        [node.head, ...node.templateSpans.map(({ literal }) => literal)]
          .map(({ text }) => text)
          .join("…"),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("check.ts", source, ts.ScriptTarget.Latest));
  return texts;
}

it("no sentence of the doctor's reads like a secret, which would mask its own repair", () => {
  const texts = readdirSync(FOLDER).flatMap((name) =>
    textsIn(readFileSync(join(FOLDER, name), "utf8")),
  );
  expect(texts).toContain("docker compose up -d windmill-worker and read its log.");
  expect(texts.filter((text) => maskSecrets(text) !== text)).toEqual([]);
});
