import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { initSync, parse_deno } from "windmill-parser-wasm-ts";
import { z } from "zod";

const require = createRequire(import.meta.url);
initSync({
  module: readFileSync(require.resolve("windmill-parser-wasm-ts/windmill_parser_wasm_bg.wasm")),
});

/** What Windmill's parser says of a parameter: "float" for number, {str: […]} for an enum, … */
const parsedType = z.union([
  z.string(),
  z.object({ resource: z.string() }).transform(({ resource }) => ({ resource })),
  z.object({ object: z.looseObject({ name: z.string().nullish() }) }),
  z.record(z.string(), z.unknown()),
]);

const parsedSignature = z.object({
  type: z.literal("Invalid").optional(),
  auto_kind: z.string().nullish(),
  args: z
    .array(z.object({ name: z.string(), typ: parsedType, has_default: z.boolean() }))
    .default([]),
});

export interface Parameter {
  name: string;
  isRequired: boolean;
  /** "number", "boolean", "string", "resource" with its type, or "other". */
  kind: "number" | "boolean" | "string" | "resource" | "other";
  resourceType?: string;
}

/** The parameters of a script's main; "library" when it exports no main. */
export type Signature = Parameter[] | "library";

/** Reads a script as Windmill does: with its own parser (windmill-parser-wasm-ts, the CLI's version). */
export function signatureOf(source: string): Signature {
  const parsed = parsedSignature.parse(JSON.parse(parse_deno(source)));
  if (parsed.type === "Invalid") throw new Error("Windmill's parser cannot read this script.");
  if (parsed.auto_kind === "lib") return "library";
  return parsed.args.map(({ name, typ, has_default }) => ({
    name,
    isRequired: !has_default,
    ...kindOf(typ),
  }));
}

function kindOf(type: z.infer<typeof parsedType>): Pick<Parameter, "kind" | "resourceType"> {
  if (type === "int" || type === "float") return { kind: "number" };
  if (type === "bool") return { kind: "boolean" };
  if (typeof type === "string") return { kind: "other" };
  if ("str" in type) return { kind: "string" };
  if ("resource" in type) return { kind: "resource", resourceType: String(type.resource) };
  const name = "object" in type ? (type.object as { name?: string | null }).name : undefined;
  // An interface in the script itself: Windmill takes its snake_case name for a resource type.
  return name ? { kind: "resource", resourceType: name } : { kind: "other" };
}
