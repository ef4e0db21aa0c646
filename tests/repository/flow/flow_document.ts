import { parseDocument } from "yaml";
import { z } from "zod";

/**
 * The part of Windmill's OpenFlow that our flows use. Windmill ignores a key that it does not
 * know, and the free edition ignores the Enterprise ones (concurrency, debouncing, priority):
 * here both are errors. Whoever needs another kind of step adds it, with its rules.
 */
const javascript = z.strictObject({ type: z.literal("javascript"), expr: z.string().min(1) });
const fixed = z.strictObject({ type: z.literal("static"), value: z.unknown() });
const inputTransform = z.discriminatedUnion("type", [fixed, javascript]);
const condition = z.strictObject({ expr: z.string().min(1) });

const constant = z.strictObject({ attempts: z.int(), seconds: z.int() });
const exponential = z.strictObject({
  attempts: z.int(),
  multiplier: z.int(),
  seconds: z.int(),
  random_factor: z.int().min(0).max(100).optional(),
});
const retry = z.strictObject({
  constant: constant.optional(),
  exponential: exponential.optional(),
  retry_if: condition.optional(),
});

const script = z.strictObject({
  type: z.literal("script"),
  path: z.string(),
  tag_override: z.string().optional(),
  input_transforms: z.record(z.string(), inputTransform),
});

const branchall = z.strictObject({
  type: z.literal("branchall"),
  parallel: z.boolean(),
  get branches() {
    return z.array(
      z.strictObject({
        summary: z.string().optional(),
        skip_failure: z.boolean(),
        modules: z.array(step).min(1),
      }),
    );
  },
});

const branchone = z.strictObject({
  type: z.literal("branchone"),
  get branches() {
    return z.array(
      z.strictObject({
        summary: z.string().optional(),
        expr: z.string().min(1),
        modules: z.array(step).min(1),
      }),
    );
  },
  get default() {
    return z.array(step);
  },
});

const forloopflow = z.strictObject({
  type: z.literal("forloopflow"),
  iterator: inputTransform,
  skip_failures: z.boolean(),
  parallel: z.boolean().optional(),
  parallelism: z.int().positive().optional(),
  get modules() {
    return z.array(step).min(1);
  },
});

const step = z.strictObject({
  id: z.string(),
  summary: z.string().min(1),
  get value() {
    return z.discriminatedUnion("type", [script, branchall, branchone, forloopflow]);
  },
  retry: retry.optional(),
  timeout: fixed.optional(),
  continue_on_error: z.boolean().optional(),
  skip_if: condition.optional(),
  stop_after_if: z
    .strictObject({
      expr: z.string().min(1),
      skip_if_stopped: z.boolean(),
      error_message: z.string().optional(),
    })
    .optional(),
});

const failureModule = z.strictObject({
  id: z.literal("failure"),
  summary: z.string().min(1),
  value: script,
  retry: retry.optional(),
});

const inputProperty = z.looseObject({
  type: z.string(),
  format: z.string().optional(),
  description: z.string().min(1),
});

const flow = z.strictObject({
  summary: z.string().min(1),
  description: z.string().optional(),
  tag: z.string().optional(),
  value: z.strictObject({
    modules: z.array(step).min(1),
    failure_module: failureModule.optional(),
  }),
  schema: z.looseObject({ properties: z.record(z.string(), inputProperty) }),
});

export type InputTransform = z.infer<typeof inputTransform>;
export type Retry = z.infer<typeof retry>;
export type ScriptCall = z.infer<typeof script>;
export type Step = z.infer<typeof step>;
export type FailureModule = z.infer<typeof failureModule>;
export type FlowInputs = z.infer<typeof flow>["schema"]["properties"];
export type Flow = z.infer<typeof flow>;

/** The flow in a flow.yaml, or a sentence for each thing that is wrong with its shape. */
export function parseFlow(text: string): { flow: Flow } | { problems: string[] } {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    return { problems: document.errors.map((error) => error.message) };
  const parsed = flow.safeParse(document.toJS());
  if (parsed.success) return { flow: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  };
}
