import { z } from "zod";
import type { Json } from "../json.ts";

/**
 * The part of OpenFlow that the local Windmill runs. Every object is strict: a key that
 * is not listed here is refused when the flow is loaded, because Windmill's free edition
 * ignores some of them silently and this server would ignore others.
 */
const json: z.ZodType<Json> = z.json();
const expression = z.strictObject({ expr: z.string() });

const inputTransform = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("static"), value: json.optional() }),
  z.strictObject({ type: z.literal("javascript"), expr: z.string() }),
]);
const inputTransforms = z.record(z.string(), inputTransform);

const retry = z.strictObject({
  constant: z.strictObject({ attempts: z.int().min(0), seconds: z.int().min(0) }).optional(),
  exponential: z
    .strictObject({
      attempts: z.int().min(0),
      multiplier: z.int().min(0),
      seconds: z.int().min(0),
      random_factor: z.int().min(0).max(100).optional(),
    })
    .optional(),
  retry_if: expression.optional(),
});

const stopAfterIf = z.strictObject({
  expr: z.string(),
  skip_if_stopped: z.boolean().optional(),
  error_message: z.string().nullable().optional(),
});

const scriptValue = z.strictObject({
  type: z.literal("script"),
  path: z.string(),
  input_transforms: inputTransforms,
  tag_override: z.string().optional(),
});
const rawScriptValue = z.strictObject({
  type: z.literal("rawscript"),
  content: z.string(),
  language: z.literal("bun"),
  input_transforms: inputTransforms,
  lock: z.string().optional(),
  tag: z.string().optional(),
});
const flowStepValue = z.strictObject({
  type: z.literal("flow"),
  path: z.string(),
  input_transforms: inputTransforms,
});
const identityValue = z.strictObject({ type: z.literal("identity") });

const branchAllValue = z.strictObject({
  type: z.literal("branchall"),
  parallel: z.boolean().default(true),
  branches: z.array(
    z.strictObject({
      summary: z.string().optional(),
      skip_failure: z.boolean().default(false),
      parallel: z.boolean().optional(),
      get modules() {
        return z.array(flowModule);
      },
    }),
  ),
});
const branchOneValue = z.strictObject({
  type: z.literal("branchone"),
  branches: z.array(
    z.strictObject({
      summary: z.string().optional(),
      expr: z.string(),
      get modules() {
        return z.array(flowModule);
      },
    }),
  ),
  get default() {
    return z.array(flowModule);
  },
});
const forLoopValue = z.strictObject({
  type: z.literal("forloopflow"),
  iterator: inputTransform,
  skip_failures: z.boolean().default(false),
  parallel: z.boolean().default(false),
  parallelism: z.int().min(1).optional(),
  get modules() {
    return z.array(flowModule);
  },
});

const common = {
  id: z.string(),
  summary: z.string().optional(),
  retry: retry.optional(),
  timeout: z.union([z.number(), inputTransform]).optional(),
};

const flowModule = z.strictObject({
  ...common,
  value: z.discriminatedUnion("type", [
    scriptValue,
    rawScriptValue,
    flowStepValue,
    identityValue,
    branchAllValue,
    branchOneValue,
    forLoopValue,
  ]),
  stop_after_if: stopAfterIf.optional(),
  stop_after_all_iters_if: stopAfterIf.optional(),
  skip_if: expression.optional(),
  sleep: inputTransform.optional(),
  mock: z
    .strictObject({ enabled: z.boolean().default(false), return_value: json.optional() })
    .optional(),
  continue_on_error: z.boolean().default(false),
});

const failureModule = z.strictObject({
  ...common,
  value: z.discriminatedUnion("type", [scriptValue, rawScriptValue]),
});

export const flowValueSchema = z.strictObject({
  modules: z.array(flowModule),
  failure_module: failureModule.optional(),
  skip_expr: z.string().optional(),
  flow_env: z.record(z.string(), json).optional(),
  same_worker: z.literal(false).optional(),
  notes: z.array(z.unknown()).optional(),
  groups: z.array(z.unknown()).optional(),
});

export type InputTransform = z.infer<typeof inputTransform>;
export type Retry = z.infer<typeof retry>;
export type StopAfterIf = z.infer<typeof stopAfterIf>;
export type FlowModule = z.infer<typeof flowModule>;
export type FailureModule = z.infer<typeof failureModule>;
export type FlowValue = z.infer<typeof flowValueSchema>;
export type ModuleOf<Type extends FlowModule["value"]["type"]> = Extract<
  FlowModule["value"],
  { type: Type }
>;
