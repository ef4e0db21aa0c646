import type { InputTransform } from "../../../local/windmill/engine/flow_definition.ts";
import type { Parameter } from "../script_signature.ts";
import type { ScriptCall } from "./flow_document.ts";
import type { Place } from "./flow_expression.ts";
import { type Position, prefixed, readExpression } from "./flow_position.ts";
import { refuseAsIterator, refuseAsPlainArgument } from "./plain_arguments.ts";
import { staticProblems } from "./static_value.ts";

/** What is wrong with a call: no such script, or inputs that are not what its main takes. */
export function callProblems(call: ScriptCall, place: Place, at: Position): string[] {
  const signature = at.signatureOf(call.path);
  if (signature === undefined) return [`calls ${call.path}: there is no such script under f/`];
  if ("problem" in signature) return [`calls ${call.path}: ${signature.problem}`];
  const missing = signature
    .filter(({ name, isRequired }) => isRequired && !Object.hasOwn(call.input_transforms, name))
    .map(({ name }) => `does not give ${name}, which main requires`);
  const given = Object.entries(call.input_transforms).flatMap(([name, transform]) => {
    const parameter = signature.find((candidate) => candidate.name === name);
    const problems = parameter
      ? inputProblems(transform, parameter, place, at)
      : [`${call.path} takes no such parameter`];
    return prefixed(`input ${name}`, problems);
  });
  return [...missing, ...given];
}

function inputProblems(
  transform: InputTransform,
  parameter: Parameter,
  place: Place,
  at: Position,
): string[] {
  if (transform.type === "static") {
    return staticProblems(transform.value, parameter, at.installation);
  }
  const { expression, problems } = readExpression(transform.expr, place, at);
  return [
    ...problems,
    ...((expression && refuseAsPlainArgument(expression.root, at.inputs)) ?? []),
  ];
}

export function iteratorProblems(transform: InputTransform, at: Position): string[] {
  if (transform.type === "static") return [];
  const { expression, problems } = readExpression(transform.expr, "iterator", at);
  return [...problems, ...((expression && refuseAsIterator(expression.root)) ?? [])];
}
