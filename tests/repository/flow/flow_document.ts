import { parseDocument } from "yaml";
import { z } from "zod";
import {
  type FlowModule,
  flowValueSchema,
  type ModuleOf,
} from "../../../local/windmill/engine/flow_definition.ts";

const inputProperty = z.looseObject({
  type: z.string(),
  format: z.string().optional(),
  description: z.string().min(1),
});

/** As strict as the local Windmill: a key that Windmill would ignore is an error. */
const flow = z.strictObject({
  summary: z.string().min(1),
  description: z.string().optional(),
  tag: z.string().optional(),
  value: flowValueSchema,
  schema: z.looseObject({ properties: z.record(z.string(), inputProperty) }),
});

export type FlowInputs = z.infer<typeof flow>["schema"]["properties"];
export type Flow = z.infer<typeof flow>;
export type ScriptCall = ModuleOf<"script">;

/** The flow in a flow.yaml, or a sentence for each thing that is wrong with its shape. */
export function parseFlow(text: string): { flow: Flow } | { problems: string[] } {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    return { problems: document.errors.map((error) => error.message) };
  }
  const parsed = flow.safeParse(document.toJS());
  if (parsed.success) return { flow: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  };
}

/** The lists of steps that a step holds: its branches, or the body of its loop. */
export function stepListsIn({ value }: FlowModule): FlowModule[][] {
  switch (value.type) {
    case "branchall":
      return value.branches.map(({ modules }) => modules);
    case "branchone":
      return [...value.branches.map(({ modules }) => modules), value.default];
    case "forloopflow":
      return [value.modules];
    default:
      return [];
  }
}
