import { Script } from "node:vm";
import ts from "typescript";

/** Windmill 1.788 injects these names; which of them depends on where the expression stands. */
export const NAMES = {
  "input transform": ["flow_input", "results", "previous_result", "flow_env", "flow_user_state"],
  "failure input": [
    ...["flow_input", "results", "previous_result", "flow_env", "flow_user_state"],
    ...["error", "started_at", "flow_job_id"],
  ],
  iterator: ["flow_input", "results", "previous_result", "flow_env", "flow_user_state"],
  "branch condition": ["flow_input", "results", "previous_result", "flow_env"],
  stop_after_if: ["result", "all_iters", "results", "flow_input", "flow_env"],
  skip_expr: ["flow_input", "flow_env"],
  skip_if: ["previous_result", "results", "flow_input"],
  // worker_flow.rs, evaluate_retry: by_id is None, so there is no results.*
  retry_if: ["result", "error", "previous_result", "flow_input", "flow_env"],
} as const;

export type Place = keyof typeof NAMES;

const LANGUAGE = new Set([
  ...["JSON", "Math", "Number", "String", "Boolean", "Array", "Object", "Date"],
  ...["undefined", "NaN", "Infinity"],
]);

export interface Expression {
  root: ts.Expression;
  /** Step ids that the expression reads from `results`. */
  resultIds: string[];
  /** Names that it reads from `flow_input`. */
  inputNames: string[];
  problems: string[];
}

/** Reads the JavaScript of a flow.yaml; QuickJS runs it, so what Node cannot parse is wrong too. */
export function parseExpression(text: string, place: Place): Expression | { problem: string } {
  try {
    new Script(`(async () => (${text}\n))`);
  } catch (error) {
    return { problem: `"${text}" is no JavaScript expression: ${(error as Error).message}` };
  }
  const file = ts.createSourceFile("expression.js", `(${text}\n)`, ts.ScriptTarget.Latest, true);
  const [statement, ...rest] = file.statements;
  if (statement === undefined || rest.length > 0 || !ts.isExpressionStatement(statement)) {
    return { problem: `"${text}" is more than one expression: what it does belongs in a step` };
  }
  return { root: statement.expression, ...namesIn(statement.expression, text, place) };
}

function namesIn(root: ts.Expression, text: string, place: Place): Omit<Expression, "root"> {
  const found = { resultIds: [] as string[], inputNames: [] as string[], problems: [] as string[] };
  const own = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isParameter(node) && ts.isIdentifier(node.name)) own.add(node.name.text);
    if (ts.isIdentifier(node) && !isPropertyName(node) && !own.has(node.text)) {
      noteName(node, text, place, found);
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

function noteName(
  node: ts.Identifier,
  text: string,
  place: Place,
  found: Omit<Expression, "root">,
): void {
  const name = node.text;
  if (LANGUAGE.has(name)) return;
  if (!(NAMES[place] as readonly string[]).includes(name)) {
    found.problems.push(`"${text}" reads ${name}, which Windmill does not give to a ${place}`);
    return;
  }
  if (name !== "results" && name !== "flow_input") return;
  const member = memberName(node.parent);
  if (member === undefined) {
    // Handing on all of flow_input is whole; all of results is not loaded by Windmill.
    if (name === "results") found.problems.push(`"${text}" must name the step after results.`);
    return;
  }
  (name === "results" ? found.resultIds : found.inputNames).push(member);
}

/** `a.b`, `a?.b` and `a["b"]` → "b". */
export function memberName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return node.argumentExpression.text;
  }
  return undefined;
}

function isPropertyName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return ts.isPropertyAssignment(parent) && parent.name === node;
}
