import { z } from "zod";
import type { ChatMessage, ChatRequest } from "./chat_request.ts";
import { OpenAiError } from "./openai_error.ts";
import { parseRequest } from "./parse_request.ts";

const inputText = z.strictObject({ type: z.literal("input_text"), text: z.string() });
const easyMessage = z.strictObject({
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.union([z.string(), z.array(inputText).min(1)]),
});
const outputPart = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()),
    logprobs: z.array(z.unknown()).optional(),
  }),
  z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
]);
const outputMessage = z.strictObject({
  type: z.literal("message"),
  id: z.string().startsWith("msg_"),
  role: z.literal("assistant"),
  status: z.string(),
  content: z.array(outputPart).min(1),
});
const functionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/);
const functionCall = z.strictObject({
  type: z.literal("function_call"),
  id: z.string().startsWith("fc_").optional(),
  call_id: z.string().min(1),
  name: functionName,
  arguments: z.string(),
  status: z.string().optional(),
});
const functionCallOutput = z.strictObject({
  type: z.literal("function_call_output"),
  call_id: z.string().min(1),
  output: z.string(),
});
const reasoning = z.strictObject({
  type: z.literal("reasoning"),
  id: z.string().startsWith("rs_"),
  summary: z.array(z.unknown()),
  encrypted_content: z.string().nullish(),
  status: z.string().nullish(),
});
const item = z.union([outputMessage, easyMessage, functionCall, functionCallOutput, reasoning]);

const tool = z.strictObject({
  type: z.literal("function"),
  name: functionName,
  description: z.string().max(1_024).nullish(),
  parameters: z.looseObject({ type: z.literal("object") }),
  strict: z.boolean(),
});

const responsesRequest = z.strictObject({
  model: z.string().min(1),
  input: z.array(item).min(1),
  store: z.boolean().nullish(),
  include: z.array(z.literal("reasoning.encrypted_content")).nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  tools: z.array(tool).min(1).max(128).optional(),
  tool_choice: z.enum(["none", "auto", "required"]).optional(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
    })
    .nullish(),
  prompt_cache_key: z.string().max(64).nullish(),
});

export type ResponsesRequest = z.infer<typeof responsesRequest>;
export type ResponsesItem = ResponsesRequest["input"][number];

/** A body of POST /responses, or the OpenAiError that OpenAI would answer. */
export function parseResponsesRequest(body: unknown): ResponsesRequest {
  const request = parseRequest(responsesRequest, body);
  checkCalls(request.input);
  if (request.tool_choice !== undefined && request.tools === undefined) {
    throw invalid("tool_choice", "Tool choice may only be set while tools are given.");
  }
  if (!isReasoning(request.model)) {
    if (request.reasoning?.effort != null) {
      throw invalid(
        "reasoning.effort",
        "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
      );
    }
    if (request.include?.length) {
      throw invalid("include", "Encrypted content is not supported with this model.");
    }
  }
  return request;
}

export function isReasoning(model: string): boolean {
  return /^(gpt-[5-9]|o\d)/.test(model);
}

/** Each call has one output, and each output a call before it; ids of items do not count. */
function checkCalls(input: readonly ResponsesItem[]): void {
  const open = new Set<string>();
  for (const entry of input) {
    if (entry.type === "function_call") open.add(entry.call_id);
    if (entry.type === "function_call_output" && !open.delete(entry.call_id)) {
      throw invalid(
        "input",
        `No tool call found for function call output with call_id ${entry.call_id}.`,
      );
    }
  }
  const [unanswered] = open;
  if (unanswered !== undefined) {
    throw invalid("input", `No tool output found for function call ${unanswered}.`);
  }
}

function invalid(param: string, message: string): OpenAiError {
  return new OpenAiError(400, message, { param });
}

/** The same conversation as Chat Completions tells it, which is what the offline model reads. */
export function asChatRequest({ model, input, tools, tool_choice }: ResponsesRequest): ChatRequest {
  const messages = input.flatMap((entry) => chatMessages(entry));
  return {
    model,
    messages,
    ...(tool_choice === undefined ? {} : { tool_choice }),
    ...(tools === undefined
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: "function" as const,
            function: { name, description: description ?? "", parameters },
          })),
        }),
  };
}

function chatMessages(entry: ResponsesItem): ChatMessage[] {
  switch (entry.type) {
    case "reasoning":
      return [];
    case "function_call": {
      const called = { name: entry.name, arguments: entry.arguments };
      const call = { id: entry.call_id, type: "function" as const, function: called };
      return [{ role: "assistant", tool_calls: [call] }];
    }
    case "function_call_output":
      return [{ role: "tool", tool_call_id: entry.call_id, content: entry.output }];
    default:
      return [{ role: entry.role, content: textOf(entry.content) }];
  }
}

function textOf(content: string | readonly object[]): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => ("text" in part && typeof part.text === "string" ? part.text : ""))
    .join("\n");
}
