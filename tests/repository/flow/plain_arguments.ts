import ts from "typescript";
import type { FlowInputs } from "./flow_document.ts";
import { memberName } from "./flow_expression.ts";

/**
 * Ids that our database or Windmill made. They may travel as plain arguments; an id that comes
 * from outside (a wamid, a wa_id, a phone number's id) may not, whatever its name ends with.
 */
const OUR_IDS = new Set([
  ...["organization_id", "chatbot_id", "contact_id", "webhook_event_id", "turn_id", "fence"],
  ...["knowledge_source_id", "job_id", "flow_job_id"],
]);

const HOW =
  "pass an id, a number or a boolean, or one JSON string: JSON.stringify(…). A plain string that begins with $var: or $res: would be replaced by the secret of that name";

/**
 * Why an argument's expression may carry text from outside; empty when it cannot.
 *
 * Windmill 1.788, common.rs: before main runs, any string argument that begins with `$var:`,
 * `$res:`, `$jsonvar:` or `$encrypted:` is replaced by the variable or resource of that name.
 * JSON text never begins with `$`. Only what is known to be safe passes.
 */
export function refuseAsPlainArgument(node: ts.Expression, inputs: FlowInputs): string[] {
  return isSafe(node, inputs) ? [] : [`may pass text from outside as a plain argument: ${HOW}`];
}

/** A loop puts each item into the arguments of its iterations: they must be ids of ours. */
export function refuseAsIterator(node: ts.Expression): string[] {
  const names = chainOf(unwrap(node));
  const last = names?.at(-1);
  const isOfAStep = names?.[0] === "results" && names.length === 3;
  if (isOfAStep && last?.endsWith("s") && OUR_IDS.has(last.slice(0, -1))) return [];
  return ["iterates over something else than a list of our ids (results.<step>.turn_ids)"];
}

function isSafe(expression: ts.Expression, inputs: FlowInputs): boolean {
  const node = unwrap(expression);
  const every = (nodes: readonly ts.Expression[]) => nodes.every((child) => isSafe(child, inputs));
  if (isLiteral(node)) return true;
  if (ts.isConditionalExpression(node)) return every([node.whenTrue, node.whenFalse]);
  if (ts.isBinaryExpression(node)) {
    return isCalculation(node) || (isChoice(node) && every([node.left, node.right]));
  }
  if (ts.isArrayLiteralExpression(node)) return every(node.elements);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every(
      (property) => ts.isPropertyAssignment(property) && isSafe(property.initializer, inputs),
    );
  }
  if (ts.isCallExpression(node)) return isJsonStringify(node);
  return isKnownToBeOurs(chainOf(node), inputs);
}

function unwrap(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) ? unwrap(node.expression) : node;
}

/** Written in flow.yaml by us, or the outcome of an operator that only makes booleans and numbers. */
function isLiteral(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node)) return !node.text.startsWith("$");
  if (ts.isPrefixUnaryExpression(node)) return true;
  if (ts.isNumericLiteral(node)) return true;
  return [
    ts.SyntaxKind.TrueKeyword,
    ts.SyntaxKind.FalseKeyword,
    ts.SyntaxKind.NullKeyword,
  ].includes(node.kind);
}

const CALCULATIONS = new Set([
  ...["===", "!==", "==", "!=", "<", "<=", ">", ">=", "in", "instanceof"],
  ...["-", "*", "/", "%", "**"],
]);

function isCalculation(node: ts.BinaryExpression): boolean {
  return CALCULATIONS.has(node.operatorToken.getText());
}

function isChoice(node: ts.BinaryExpression): boolean {
  return ["??", "||", "&&"].includes(node.operatorToken.getText());
}

/** With one argument only: a replacer could turn it into anything. */
function isJsonStringify(node: ts.CallExpression): boolean {
  return chainOf(node.expression)?.join(".") === "JSON.stringify" && node.arguments.length === 1;
}

function isKnownToBeOurs(names: string[] | undefined, inputs: FlowInputs): boolean {
  const [root, first, ...rest] = names ?? [];
  if (root === undefined) return false;
  if (first === undefined) return root === "flow_job_id" || root === "undefined";
  if (root === "error") return first === "step_id" && rest.length === 0;
  // Deeper down may lie what a model or a tool answered, whatever its keys are called.
  if (root === "results") return rest.length === 1 && OUR_IDS.has(rest[0] ?? "");
  if (root !== "flow_input") return false;
  // The iterator is checked on its own: its items are ids of ours.
  if (first === "iter") return rest[0] === "index" || (rest[0] === "value" && rest.length === 1);
  return rest.length === 0 && isIdInput(inputs[first]);
}

/** What a flow may take as input at all: whoever starts it passes ids, and the steps load the text. */
export function isIdInput(property: FlowInputs[string] | undefined): boolean {
  if (property === undefined) return false;
  if (property.type === "string") return property.format === "uuid";
  return ["integer", "number", "boolean"].includes(property.type);
}

/** `a.b?.c` → ["a", "b", "c"]; undefined for anything that is not a chain of names. */
function chainOf(node: ts.Expression): string[] | undefined {
  if (ts.isIdentifier(node)) return [node.text];
  const name = memberName(node);
  if (name === undefined) return undefined;
  const head = chainOf((node as ts.PropertyAccessExpression).expression);
  return head && [...head, name];
}
