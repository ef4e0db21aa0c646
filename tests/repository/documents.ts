import { readText } from "../../local/metadata/tree.ts";

/** What people read before they do something. */
export const DOCUMENTS = ["README.md", "docs/operating.md"];

/** The fenced blocks of one language in a Markdown text, without their indentation. */
export function blocksIn(markdown: string, language: string): string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, "gm");
  return [...markdown.matchAll(fence)].map(([, indent = "", body = ""]) =>
    body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** What stands between backticks outside of the blocks. */
export function codeIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** Every statement that a document shows, from its blocks and from its sentences. */
export function statementsIn(document: string): string[] {
  const text = readText(document);
  const inline = codeIn(text).filter((code) => /^select /.test(code) && !code.includes("…"));
  const blocks = blocksIn(text, "sql").flatMap((block) => block.split(/;\n/));
  return [...blocks, ...inline]
    .map((statement) => statement.replaceAll(/^--.*\n/gm, "").trim())
    .filter((statement) => statement !== "");
}
