import { type Flow, type FlowInputs, parseFlow, type Step } from "./flow_document.ts";
import { expressionProblems, type Position, prefixed, type Surroundings } from "./flow_position.ts";
import { retryProblems, timeoutProblems } from "./flow_retry.ts";
import { isIdInput } from "./plain_arguments.ts";
import { callProblems, iteratorProblems } from "./script_call.ts";

/**
 * Everything that is wrong with the text of a flow.yaml, a sentence each; empty when it is right.
 * `wmill lint` only knows the shape: it passes unknown keys, ids used twice, results of no step,
 * scripts that do not exist, inputs that main does not take and JavaScript that does not parse.
 */
export function validateFlow(text: string, surroundings: Surroundings): string[] {
  const parsed = parseFlow(text);
  if ("problems" in parsed) return parsed.problems;
  const { value, schema } = parsed.flow;
  const start = { ...surroundings, inputs: schema.properties, ran: new Set<string>() };
  return [
    ...inputProblems(schema.properties),
    ...idProblems(value.modules),
    ...stepsProblems(value.modules, { ...start, isInLoop: false }),
    ...failureProblems(parsed.flow.value, { ...start, isInLoop: false }),
  ];
}

function inputProblems(inputs: FlowInputs): string[] {
  return Object.entries(inputs)
    .filter(([, property]) => !isIdInput(property))
    .map(([name]) => `input ${name}: may hold text from outside; flows take ids, steps load text`);
}

const RESERVED_IDS = ["failure", "preprocessor", "Input"];

function idProblems(modules: Step[]): string[] {
  const seen = new Set<string>();
  return allSteps(modules).flatMap(({ id, value }) => {
    const problems: string[] = [];
    if (seen.has(id)) problems.push("another step has the same id");
    seen.add(id);
    if (!/^[a-z][a-z0-9_]*$/.test(id) || RESERVED_IDS.includes(id)) {
      problems.push(`an id is lower case, digits and _, and none of ${RESERVED_IDS.join(", ")}`);
    }
    const script = value.type === "script" ? value.path.split("/").at(-1) : id;
    if (script !== id) problems.push(`a step's id is its script's name, which is ${script}`);
    return prefixed(`step ${id}`, problems);
  });
}

function allSteps(steps: Step[]): Step[] {
  return steps.flatMap((step) => [step, ...stepListsIn(step).flatMap(allSteps)]);
}

function stepListsIn({ value }: Step): Step[][] {
  if (value.type === "script") return [];
  if (value.type === "forloopflow") return [value.modules];
  const branches = value.branches.map(({ modules }) => modules);
  return value.type === "branchone" ? [...branches, value.default] : branches;
}

/** Steps in order: each sees those before it, and those before the step that holds the list. */
function stepsProblems(steps: Step[], at: Position): string[] {
  return steps.flatMap((step, index) => {
    const before = steps.slice(0, index).map(({ id }) => id);
    return stepProblems(step, { ...at, ran: new Set([...at.ran, ...before]) });
  });
}

function stepProblems(step: Step, at: Position): string[] {
  const { value } = step;
  const isInLoop = at.isInLoop || value.type === "forloopflow";
  const own = [...controlProblems(step, at)];
  if (value.type === "script") own.push(...callProblems(value, "input transform", at));
  if (value.type === "forloopflow") own.push(...iteratorProblems(value.iterator, at));
  if (value.type === "branchone") {
    for (const { expr } of value.branches) {
      own.push(...expressionProblems(expr, "branch condition", at));
    }
  }
  const inside = stepListsIn(step).flatMap((steps) => stepsProblems(steps, { ...at, isInLoop }));
  return [...prefixed(`step ${step.id}`, own), ...inside];
}

/** Retries, the timeout, and the conditions under which a step is skipped or ends the flow. */
function controlProblems(step: Step, at: Position): string[] {
  const { retry, timeout, skip_if, stop_after_if } = step;
  const problems: string[] = [];
  if (retry) problems.push(...retryProblems(retry));
  if (retry?.retry_if) problems.push(...expressionProblems(retry.retry_if.expr, "retry_if", at));
  if (timeout) problems.push(...timeoutProblems(timeout.value));
  if (skip_if) problems.push(...expressionProblems(skip_if.expr, "skip_if", at));
  if (stop_after_if) {
    const afterIt = { ...at, ran: new Set([...at.ran, step.id]) };
    problems.push(...expressionProblems(stop_after_if.expr, "stop_after_if", afterIt));
  }
  return problems;
}

function failureProblems({ modules, failure_module }: Flow["value"], at: Position): string[] {
  if (failure_module === undefined) return [];
  // What did not run yet reads as null there; ids inside branches are not addressable.
  const position = { ...at, ran: new Set(modules.map(({ id }) => id)) };
  const { retry, value } = failure_module;
  return prefixed("failure module", [
    ...(retry ? retryProblems(retry) : []),
    ...(retry?.retry_if ? expressionProblems(retry.retry_if.expr, "retry_if", position) : []),
    ...callProblems(value, "failure input", position),
  ]);
}
