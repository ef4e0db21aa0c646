import type { z } from "zod";
import { OpenAiError } from "./openai_error.ts";

/** Parses a body, or throws the first thing that is wrong with it as OpenAI says it. */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = (issue?.path ?? []).join(".");
  if (issue?.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const unknown = param === "" ? key : `${param}.${key}`;
    throw new OpenAiError(400, `Unknown parameter: '${unknown}'.`, {
      code: "unknown_parameter",
      param: unknown ?? "",
    });
  }
  if (issue?.input === undefined) {
    throw new OpenAiError(400, `Missing required parameter: '${param}'.`, {
      code: "missing_required_parameter",
      param,
    });
  }
  throw new OpenAiError(400, `Invalid value for '${param}': ${issue.message}.`, {
    code: "invalid_value",
    param,
  });
}
