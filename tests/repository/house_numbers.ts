import ts from "typescript";

export const MAX_FILE_LINES = 400;
export const MAX_MEDIAN_LINES = 120;
const MAX_FUNCTION_LINES = 80;
const MAX_MAIN_LINES = 40;

export function lineCount(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** What breaks the house rules inside one TypeScript file, a sentence each. */
export function ruleBreaks(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    for (const problem of nodeProblems(node, file)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push(`${path}:${line + 1} ${problem}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function nodeProblems(node: ts.Node, file: ts.SourceFile): string[] {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return ["any: say what it is, or unknown"];
  if (ts.isCatchClause(node) && node.block.statements.length === 0) {
    return ["an empty catch hides a failure"];
  }
  if (ts.isCallExpression(node)) return callProblems(node);
  const isTest = /\.test\.ts$/.test(file.fileName);
  return ts.isFunctionLike(node) && !isTest ? lengthProblems(node, file) : [];
}

function lengthProblems(node: ts.SignatureDeclaration, file: ts.SourceFile): string[] {
  const lines = lineCount(node.getText(file));
  const name = node.name?.getText(file) ?? "a function";
  const cap = name === "main" ? MAX_MAIN_LINES : MAX_FUNCTION_LINES;
  return lines > cap ? [`${name} has ${lines} lines, at most ${cap}`] : [];
}

const SWITCHES = ["only", "skip", "todo", "fails", "skipIf"];

function callProblems({ expression, arguments: [handler] }: ts.CallExpression): string[] {
  const [root = "", ...members] = chainOf(expression);
  const off = members.find((member) => SWITCHES.includes(member));
  if (["it", "test", "describe"].includes(root) && off) return [`.${off}: every test runs, always`];
  const isEmptyCatch = members.at(-1) === "catch" && handler !== undefined && isEmpty(handler);
  return isEmptyCatch ? [".catch(() => {}) hides a failure"] : [];
}

/** `it.each([…])("…").only` → ["it", "each", "only"]; what is no name is left out. */
function chainOf(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isPropertyAccessExpression(node)) return [...chainOf(node.expression), node.name.text];
  if (ts.isCallExpression(node) || ts.isAwaitExpression(node)) return chainOf(node.expression);
  return [""];
}

function isEmpty(handler: ts.Expression): boolean {
  if (!ts.isArrowFunction(handler) && !ts.isFunctionExpression(handler)) return false;
  return ts.isBlock(handler.body) && handler.body.statements.length === 0;
}

const LEFTOVER = new RegExp(
  `\\b(${["TO", "FIX", "XX", "HA"].map((a, i) => a + ["DO", "ME", "X", "CK"][i]).join("|")})\\b`,
);

/** Marks of unfinished work in any text. */
export function leftovers(path: string, text: string): string[] {
  return text
    .split("\n")
    .map((line, index) => [LEFTOVER.exec(line)?.[1], index + 1] as const)
    .filter(([mark]) => mark !== undefined)
    .map(([mark, line]) => `${path}:${line} ${mark}: finish it, or write it where work is planned`);
}
