import { z } from "zod";
import type { ChatMessage, ChatRequest } from "./chat_request.ts";
import { GoogleError } from "./google_error.ts";

const functionCall = z.strictObject({
  id: z.string().optional(),
  name: z.string().min(1),
  args: z.record(z.string(), z.unknown()).optional(),
});
const functionResponse = z.strictObject({
  id: z.string().optional(),
  name: z.string().min(1),
  response: z.record(z.string(), z.unknown()),
});
const part = z
  .strictObject({
    text: z.string().optional(),
    thought: z.boolean().optional(),
    thoughtSignature: z.string().optional(),
    functionCall: functionCall.optional(),
    functionResponse: functionResponse.optional(),
  })
  .refine(
    (value) =>
      [value.text, value.functionCall, value.functionResponse].filter((data) => data !== undefined)
        .length === 1,
    { message: "required oneof field 'data' must have one initialized field" },
  );
const content = z.strictObject({ role: z.enum(["user", "model"]), parts: z.array(part).min(1) });

/** The part of OpenAPI's schema that `parameters` knows; anything else belongs into parametersJsonSchema. */
const openApiSchema: z.ZodType = z.lazy(() =>
  z.strictObject({
    type: z.string(),
    description: z.string().optional(),
    nullable: z.boolean().optional(),
    enum: z.array(z.string()).optional(),
    format: z.string().optional(),
    items: openApiSchema.optional(),
    properties: z.record(z.string(), openApiSchema).optional(),
    required: z.array(z.string()).optional(),
  }),
);
const declaration = z.strictObject({
  name: z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/),
  description: z.string(),
  parameters: openApiSchema.optional(),
  parametersJsonSchema: z.looseObject({ type: z.literal("object") }).optional(),
});

const geminiBody = z.strictObject({
  contents: z.array(content).min(1),
  systemInstruction: z
    .strictObject({ role: z.string(), parts: z.array(z.strictObject({ text: z.string() })).min(1) })
    .optional(),
  tools: z
    .array(z.strictObject({ functionDeclarations: z.array(declaration).min(1) }))
    .min(1)
    .optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({ mode: z.enum(["AUTO", "ANY", "NONE"]) }),
    })
    .optional(),
  safetySettings: z.array(z.unknown()).optional(),
  generationConfig: z
    .strictObject({
      maxOutputTokens: z.int().positive().optional(),
      thinkingConfig: z
        .strictObject({ thinkingLevel: z.enum(["minimal", "low", "medium", "high"]) })
        .optional(),
    })
    .optional(),
});

export type GeminiBody = z.infer<typeof geminiBody>;
export type GeminiContent = GeminiBody["contents"][number];
export type GeminiRequest = GeminiBody & { model: string };

/** A body of POST /v1beta/models/<model>:generateContent, or the GoogleError that Google would answer. */
export function parseGeminiBody(model: string, body: unknown): GeminiRequest {
  const result = geminiBody.safeParse(body);
  if (!result.success) throw shapeError(result.error.issues[0]);
  const request = { ...result.data, model };
  checkTurns(request.contents);
  if (request.generationConfig?.thinkingConfig && !isGemini3(model)) {
    throw new GoogleError(400, "Thinking level is not supported for this model.");
  }
  return request;
}

export function isGemini3(model: string): boolean {
  return /^gemini-[3-9]/.test(model);
}

function shapeError(issue: z.core.$ZodIssue | undefined): GoogleError {
  const where = (issue?.path ?? []).join(".");
  if (issue?.code === "unrecognized_keys") {
    return new GoogleError(
      400,
      `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${where}': Cannot find field.`,
    );
  }
  return new GoogleError(400, `* GenerateContentRequest.${where}: ${issue?.message ?? "invalid"}`);
}

/** Calls follow a user or results, and as many results follow at once, of the same names. */
function checkTurns(contents: readonly GeminiContent[]): void {
  for (const [index, { role, parts }] of contents.entries()) {
    const before = contents[index - 1];
    const calls = callNames(before);
    const results = parts.flatMap((piece) => piece.functionResponse?.name ?? []);
    if (results.length !== calls.length || results.some((name) => !calls.includes(name))) {
      throw new GoogleError(
        400,
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
      );
    }
    if (role === "model" && callNames(contents[index]).length > 0 && before?.role !== "user") {
      throw new GoogleError(
        400,
        "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
      );
    }
  }
}

function callNames(content: GeminiContent | undefined): string[] {
  if (content?.role !== "model") return [];
  return content.parts.flatMap((piece) => piece.functionCall?.name ?? []);
}

/** The same conversation as Chat Completions tells it, which is what the offline model reads. */
export function asChatRequest(request: GeminiRequest): ChatRequest {
  const { model, contents, systemInstruction, tools, toolConfig } = request;
  const system = systemInstruction?.parts.map(({ text }) => text).join("\n");
  const choice = toolConfig?.functionCallingConfig.mode === "NONE" ? "none" : "auto";
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
      ...contents.flatMap(chatMessages),
    ],
    ...(tools === undefined
      ? {}
      : {
          tool_choice: choice,
          tools: tools.flatMap(({ functionDeclarations }) =>
            functionDeclarations.map(({ name, description, parametersJsonSchema }) => ({
              type: "function" as const,
              function: { name, description, parameters: parametersJsonSchema },
            })),
          ),
        }),
  };
}

/** The offline model does not look at the ids of calls: they are by number. */
function chatMessages({ role, parts }: GeminiContent): ChatMessage[] {
  const text = parts.map((piece) => (piece.thought ? "" : (piece.text ?? ""))).join("");
  const calls = parts.flatMap(({ functionCall: call }, index) => {
    if (!call) return [];
    const called = { name: call.name, arguments: JSON.stringify(call.args ?? {}) };
    return [{ id: `call_${index}`, type: "function" as const, function: called }];
  });
  const results = parts.flatMap(({ functionResponse: result }, index) =>
    result
      ? [{ role: "tool" as const, tool_call_id: `call_${index}`, content: outputOf(result) }]
      : [],
  );
  if (results.length > 0) return results;
  if (role === "user") return [{ role, content: text }];
  return [{ role: "assistant", content: text, ...(calls.length > 0 ? { tool_calls: calls } : {}) }];
}

function outputOf({ response }: z.infer<typeof functionResponse>): string {
  return typeof response.output === "string" ? response.output : JSON.stringify(response);
}
