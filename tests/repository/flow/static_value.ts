import type { Installation } from "../installation.ts";
import type { Parameter } from "../script_signature.ts";

/** What is wrong with a static argument: a reference to nothing, a secret, or the wrong type. */
export function staticProblems(
  value: unknown,
  parameter: Parameter,
  installation: Installation,
): string[] {
  const references = referencesIn(value).flatMap((text) => referenceProblem(text, installation));
  return [...references, ...typeProblem(value, parameter, installation)];
}

/** Every string that Windmill would look at: it walks objects and arrays too. */
function referencesIn(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("$") ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}

function referenceProblem(text: string, { resources, variables }: Installation): string[] {
  const [, kind, path = ""] = /^\$(\w+):(.*)$/.exec(text) ?? [];
  if (kind === "res") {
    return Object.hasOwn(resources, path)
      ? []
      : [`names a resource that no installation has: ${text}`];
  }
  if (kind !== "var") return [`is "${text}", which is neither $res: nor $var:`];
  const variable = Object.hasOwn(variables, path) ? variables[path] : undefined;
  if (variable === undefined) return [`names a variable that no installation has: ${text}`];
  return variable.isSecret
    ? [`hands over a secret, ${text}: the step reads it itself, so that no job stores it`]
    : [];
}

function typeProblem(
  value: unknown,
  { kind, resourceType }: Parameter,
  { resources }: Installation,
): string[] {
  if (kind === "other" || (typeof value === "string" && value.startsWith("$var:"))) return [];
  if (kind !== "resource") {
    return typeof value === kind ? [] : [`is ${JSON.stringify(value)}, main takes a ${kind}`];
  }
  const given = typeof value === "string" ? resources[value.replace("$res:", "")] : undefined;
  if (given === undefined || given === resourceType) return [];
  return [`is a resource of type ${given}, main takes ${resourceType}`];
}
