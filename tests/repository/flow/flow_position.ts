import type { Installation } from "../installation.ts";
import type { Signature } from "../script_signature.ts";
import type { FlowInputs } from "./flow_document.ts";
import { type Expression, type Place, parseExpression } from "./flow_expression.ts";

/** What a flow refers to outside its own file. */
export interface Surroundings {
  /** The signature of a script by its Windmill path; undefined when there is no such script. */
  signatureOf(path: string): Signature | undefined;
  installation: Installation;
}

/** What can be seen from one place in a flow. */
export interface Position extends Surroundings {
  inputs: FlowInputs;
  /** Ids of the steps that have run by then and are addressable: not those inside branches. */
  ran: ReadonlySet<string>;
  isInLoop: boolean;
}

export interface Read {
  problems: string[];
  /** Absent when the text does not parse. */
  expression?: Expression;
}

/** Parses an expression and checks every name in it against what can be seen from its position. */
export function readExpression(text: string, place: Place, at: Position): Read {
  const expression = parseExpression(text, place);
  if ("problem" in expression) return { problems: [expression.problem] };
  const noStep = expression.resultIds
    .filter((id) => !at.ran.has(id))
    .map((id) => `"${text}" reads results.${id}, but no step ${id} has run by then`);
  const noInput = expression.inputNames
    .filter((name) => !Object.hasOwn(at.inputs, name) && !(at.isInLoop && name === "iter"))
    .map((name) => `"${text}" reads flow_input.${name}, which the flow's schema does not have`);
  return { expression, problems: [...expression.problems, ...noStep, ...noInput] };
}

export function expressionProblems(text: string, place: Place, at: Position): string[] {
  return readExpression(text, place, at).problems;
}

export function prefixed(where: string, problems: string[]): string[] {
  return problems.map((problem) => `${where}: ${problem}`);
}
