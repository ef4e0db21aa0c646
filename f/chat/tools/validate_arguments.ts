import { Validator } from "@cfworker/json-schema";
import { ToolArgumentsError } from "../agent/types.ts";

const MAX_FAULTS = 3;
/** A server's own regular expressions could hold this process for ever; it checks them itself. */
const NOT_OURS_TO_RUN = new Set(["pattern", "patternProperties", "format"]);

/**
 * Throws ToolArgumentsError, in words for the model, when the arguments do not fit the tool's JSON Schema. The schema
 * is interpreted and never compiled to code: it comes from outside.
 */
export function validateArguments(parameters: object, args: unknown): void {
  const validator = new Validator(withoutPatterns(parameters) as object, "2020-12", false);
  const { valid, errors } = validator.validate(args);
  if (valid) return;
  // the first ones say that a part is wrong, the last ones what is wrong with it
  const faults = errors.slice(-MAX_FAULTS).map(({ instanceLocation, error }) => {
    const where = instanceLocation.replace(/^#\/?/, "") || "the arguments";
    return `${where}: ${error}`;
  });
  throw new ToolArgumentsError(`The arguments do not fit: ${faults.join(" ")}`);
}

function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]) => {
      // under `properties` these are names of arguments, whose schemas are objects
      const isKeyword = key === "patternProperties" || typeof value !== "object";
      if (NOT_OURS_TO_RUN.has(key) && isKeyword) return [];
      return [[key, withoutPatterns(value)]];
    }),
  );
}
