import type { FlowModule } from "../../../local/windmill/engine/flow_definition.ts";
import { allModules } from "../../../local/windmill/engine/load_flow.ts";
import { type Flow, type FlowInputs, parseFlow, stepListsIn } from "./flow_document.ts";
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
  const start: Position = {
    ...surroundings,
    inputs: schema.properties,
    ran: new Set(),
    isInLoop: false,
  };
  return [
    ...inputProblems(schema.properties),
    ...idProblems(value.modules),
    ...(value.skip_expr ? expressionProblems(value.skip_expr, "skip_expr", start) : []),
    ...stepsProblems(value.modules, start),
    ...failureProblems(value, start),
  ];
}

function inputProblems(inputs: FlowInputs): string[] {
  return Object.entries(inputs)
    .filter(([, property]) => !isIdInput(property))
    .map(([name]) => `input ${name}: may hold text from outside; flows take ids, steps load text`);
}

const RESERVED_IDS = ["failure", "preprocessor", "Input"];

function idProblems(modules: FlowModule[]): string[] {
  const seen = new Set<string>();
  return allModules(modules).flatMap(({ id, value }) => {
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

/** Steps in order: each sees those before it, and those before the step that holds the list. */
function stepsProblems(steps: FlowModule[], at: Position): string[] {
  return steps.flatMap((step, index) => {
    const before = steps.slice(0, index).map(({ id }) => id);
    return stepProblems(step, { ...at, ran: new Set([...at.ran, ...before]) });
  });
}

function stepProblems(step: FlowModule, at: Position): string[] {
  const isInLoop = at.isInLoop || step.value.type === "forloopflow";
  const own = [...valueProblems(step.value, at), ...controlProblems(step, at)];
  if (!step.summary) own.push("has no summary: it is what Windmill shows of a run");
  if (step.mock) own.push("is mocked: it would answer without running");
  const inside = stepListsIn(step).flatMap((steps) => stepsProblems(steps, { ...at, isInLoop }));
  return [...prefixed(`step ${step.id}`, own), ...inside];
}

function valueProblems(value: FlowModule["value"], at: Position): string[] {
  switch (value.type) {
    case "script":
      return callProblems(value, "input transform", at);
    case "branchall":
      return [];
    case "branchone":
      return value.branches.flatMap(({ expr }) => expressionProblems(expr, "branch condition", at));
    case "forloopflow":
      return iteratorProblems(value.iterator, at);
    default:
      return [`is of type ${value.type}: a step of ours is a script by its path`];
  }
}

/** Retries, times, and the conditions under which a step is skipped or ends the flow. */
function controlProblems(step: FlowModule, at: Position): string[] {
  const { sleep, skip_if, stop_after_if, stop_after_all_iters_if } = step;
  const afterIt = { ...at, ran: new Set([...at.ran, step.id]) };
  const stops = [stop_after_if, stop_after_all_iters_if].filter((stop) => stop !== undefined);
  return [
    ...attemptProblems(step, at),
    ...(sleep?.type === "javascript" ? expressionProblems(sleep.expr, "input transform", at) : []),
    ...(skip_if ? expressionProblems(skip_if.expr, "skip_if", at) : []),
    ...stops.flatMap(({ expr }) => expressionProblems(expr, "stop_after_if", afterIt)),
  ];
}

function attemptProblems({ retry, timeout }: Pick<FlowModule, "retry" | "timeout">, at: Position) {
  const problems: string[] = [];
  if (retry) problems.push(...retryProblems(retry));
  if (retry?.retry_if) problems.push(...expressionProblems(retry.retry_if.expr, "retry_if", at));
  if (timeout === undefined) return problems;
  const isFixed = typeof timeout === "object" && timeout.type === "static";
  return [...problems, ...timeoutProblems(isFixed ? timeout.value : timeout)];
}

function failureProblems({ modules, failure_module }: Flow["value"], at: Position): string[] {
  if (failure_module === undefined) return [];
  const { id, summary, value } = failure_module;
  // What did not run yet reads as null there; ids inside branches are not addressable.
  const position = { ...at, ran: new Set(modules.map((step) => step.id)) };
  const problems = attemptProblems(failure_module, position);
  if (id !== "failure") problems.push(`its id is "failure" in Windmill, not "${id}"`);
  if (!summary) problems.push("has no summary");
  if (value.type === "script") problems.push(...callProblems(value, "failure input", position));
  else problems.push("is no script by its path");
  return prefixed("failure module", problems);
}
