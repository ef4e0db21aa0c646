import { z } from "zod";
import { OpenAiError } from "./openai_error.ts";
import { parseRequest } from "./parse_request.ts";

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const content = z.union([z.string(), z.array(textPart).min(1)]);

const functionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/);

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.strictObject({ name: functionName, arguments: z.string() }),
});

const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content, name: z.string().optional() }),
  z.strictObject({ role: z.literal("developer"), content, name: z.string().optional() }),
  z.strictObject({ role: z.literal("user"), content, name: z.string().optional() }),
  z.strictObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    name: z.string().optional(),
    refusal: z.string().nullish(),
    // What the API answered may come back as it is, with the fields that it only ever writes.
    annotations: z.array(z.unknown()).optional(),
    tool_calls: z.array(toolCall).min(1).optional(),
  }),
  z.strictObject({ role: z.literal("tool"), content, tool_call_id: z.string() }),
]);

const tool = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({
    name: functionName,
    description: z.string().max(1024).optional(),
    parameters: z.looseObject({ type: z.literal("object") }).optional(),
    strict: z.boolean().nullish(),
  }),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.strictObject({
    type: z.literal("function"),
    function: z.strictObject({ name: functionName }),
  }),
]);

const chatRequest = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  tools: z.array(tool).min(1).max(128).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_completion_tokens: z.int().positive().nullish(),
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
  response_format: z.looseObject({ type: z.string() }).optional(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1).nullish(),
  stream: z.literal(false).nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  service_tier: z.string().nullish(),
  user: z.string().optional(),
  safety_identifier: z.string().max(64).nullish(),
  prompt_cache_key: z.string().max(64).nullish(),
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type ChatMessage = ChatRequest["messages"][number];
export type ChatTool = NonNullable<ChatRequest["tools"]>[number];

/** A body of POST /chat/completions, or the OpenAiError that OpenAI would answer. */
export function parseChatRequest(body: unknown): ChatRequest {
  const request = parseRequest(chatRequest, body);
  checkToolMessages(request.messages);
  checkToolChoice(request);
  checkReasoning(request);
  return request;
}

export function textOf(parts: z.infer<typeof content> | null | undefined): string {
  if (typeof parts === "string") return parts;
  return (parts ?? []).map((part) => part.text).join("\n");
}

/** Every tool call is answered right after it, and nothing else is. */
function checkToolMessages(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (open.delete(message.tool_call_id)) continue;
      throw new OpenAiError(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        { param: `messages.[${index}].role` },
      );
    }
    if (open.size > 0) throw unanswered(open, index);
    if (message.role === "assistant") {
      const calls = message.tool_calls ?? [];
      if (calls.length === 0 && message.content == null && message.refusal == null) {
        throw new OpenAiError(400, "Invalid value for 'content': expected a string, got null.", {
          param: `messages.[${index}].content`,
        });
      }
      open = new Set(calls.map((call) => call.id));
    }
  }
  if (open.size > 0) throw unanswered(open, messages.length);
}

function unanswered(ids: ReadonlySet<string>, index: number): OpenAiError {
  return new OpenAiError(
    400,
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each " +
      `'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(", ")}`,
    { param: `messages.[${index}].role` },
  );
}

function checkToolChoice({ tools, tool_choice }: ChatRequest): void {
  if (tool_choice === undefined) return;
  if (tools === undefined) {
    throw new OpenAiError(
      400,
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      { param: "tool_choice" },
    );
  }
  if (typeof tool_choice === "string") return;
  const { name } = tool_choice.function;
  if (tools.some((known) => known.function.name === name)) return;
  throw new OpenAiError(400, `Tool choice '${name}' is not among the given tools.`, {
    param: "tool_choice",
  });
}

/** On Chat Completions the GPT-6 models call functions, and take a temperature, without reasoning only. */
function checkReasoning(request: ChatRequest): void {
  if (!request.model.startsWith("gpt-6") || request.reasoning_effort === "none") return;
  if (request.tools !== undefined) {
    throw new OpenAiError(
      400,
      `Function tools with reasoning are not supported for ${request.model} in /v1/chat/completions. ` +
        "Use /v1/responses or set reasoning_effort to 'none'.",
      { param: "reasoning_effort" },
    );
  }
  if (request.temperature != null && request.temperature !== 1) {
    throw new OpenAiError(
      400,
      `Unsupported value: 'temperature' does not support ${request.temperature} with this model.`,
      { param: "temperature", code: "unsupported_value" },
    );
  }
}
