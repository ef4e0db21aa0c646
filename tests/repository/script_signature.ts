import { z } from "zod";
import { readSignature, UnreadableScript } from "../../local/windmill/jobs/script_signature.ts";

export interface Parameter {
  name: string;
  isRequired: boolean;
  kind: "number" | "boolean" | "string" | "resource" | "other";
  /** Of a resource: what Windmill calls its type, such as "postgresql". */
  resourceType?: string;
}

/** The parameters of a script's main, or why it cannot be called. */
export type Signature = Parameter[] | { problem: string };

export function signatureOf(path: string, source: string): Signature {
  try {
    const { parameters } = readSignature(path, source);
    return parameters.map(({ name, isRequired, type }) => ({ name, isRequired, ...kindOf(type) }));
  } catch (error) {
    if (error instanceof UnreadableScript) return { problem: error.message };
    throw error;
  }
}

const named = z.union([
  z.object({ resource: z.string() }),
  z.object({ object: z.object({ name: z.string() }) }),
]);

function kindOf(type: unknown): Pick<Parameter, "kind" | "resourceType"> {
  if (type === "int" || type === "float") return { kind: "number" };
  if (type === "bool") return { kind: "boolean" };
  if (typeof type === "object" && type !== null && "str" in type) return { kind: "string" };
  const parsed = named.safeParse(type);
  if (!parsed.success) return { kind: "other" };
  // An interface of the script's own: Windmill takes its snake_case name for a resource type.
  const found = parsed.data;
  return {
    kind: "resource",
    resourceType: "resource" in found ? found.resource : found.object.name,
  };
}
