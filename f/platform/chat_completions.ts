import type OpenAI from "openai";
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import * as z from "zod/v4";
import { readAnswer } from "./model_call_error.ts";
import { parseModelId } from "./model_table.ts";
import type {
  AssistantMessage,
  ChatMessage,
  ChatModel,
  ModelAnswer,
  ModelRequest,
  TokenUsage,
} from "./models.ts";
import { callName, optionsOf, toModelCallError, toolDescription } from "./openai.ts";
import { CONTACT_WAITS, type RetryPlan, withRetries } from "./retry.ts";

/** About 4,600 English characters: more than one WhatsApp message holds. */
const MAX_OUTPUT_TOKENS = 1_000;

/**
 * What we rely on. Servers that only resemble OpenAI's leave fields out or set them to null.
 * Loose wherever the message is: Google's server puts thought signatures into the tool calls and wants them back.
 */
const completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string().min(1),
                function: z.looseObject({
                  name: z.string().transform(callName),
                  arguments: z.string(),
                }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});
type Completion = z.infer<typeof completion>;

/** Any server that speaks OpenAI's Chat Completions: OpenAI, Google, Ollama, vLLM, OpenRouter. */
export function chatCompletionsModel(
  client: OpenAI,
  id: string,
  retries: RetryPlan = CONTACT_WAITS,
): ChatModel {
  return {
    id,
    answer: (request) => withRetries(() => ask(client, id, request), retries),
  };
}

async function ask(client: OpenAI, id: string, request: ModelRequest): Promise<ModelAnswer> {
  return answerOf(id, readAnswer(completion, id, await create(client, id, request)));
}

async function create(client: OpenAI, id: string, request: ModelRequest): Promise<unknown> {
  try {
    return await client.chat.completions.create(bodyOf(id, request), optionsOf(request));
  } catch (error) {
    throw toModelCallError(error, id);
  }
}

function bodyOf(id: string, request: ModelRequest): ChatCompletionCreateParamsNonStreaming {
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    function: { name, description: toolDescription(description), parameters: { ...parameters } },
  }));
  return {
    model: parseModelId(id).name,
    messages: request.messages.map((message) => messageParam(message, id)),
    max_completion_tokens: MAX_OUTPUT_TOKENS,
    ...(tools.length > 0 ? { tools, tool_choice: request.toolChoice } : {}),
  };
}

function messageParam(message: ChatMessage, id: string): ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
    case "user":
      return { role: message.role, content: message.text };
    case "tool":
      return { role: "tool", tool_call_id: message.callId, content: message.text };
    case "assistant":
      return assistantParam(message, id);
  }
}

function assistantParam(
  { text, calls, raw }: AssistantMessage,
  id: string,
): ChatCompletionAssistantMessageParam {
  // what the API gave us, with fields its types do not name
  if (raw?.model === id) return raw.content as ChatCompletionAssistantMessageParam;
  if (calls === undefined) return { role: "assistant", content: text };
  return {
    role: "assistant",
    content: text || null,
    tool_calls: calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: callName(call.name), arguments: call.argumentsJson },
    })),
  };
}

function answerOf(id: string, { choices, usage }: Completion): ModelAnswer {
  const [choice] = choices as [Completion["choices"][number]];
  const { message, finish_reason: finishReason } = choice;
  const text = message.content ?? "";
  const common = { model: id, usage: usageOf(usage) };
  if (finishReason === "content_filter") return { ...common, kind: "content_filter" };
  if (message.refusal) return { ...common, kind: "refusal", text: message.refusal };
  // before the calls: one of them may be half of what was meant
  if (finishReason === "length") return { ...common, kind: "length", text };
  // by what is there: compatible servers report "stop" together with tool calls
  if (message.tool_calls && message.tool_calls.length > 0) {
    const calls = message.tool_calls.map((call) => ({
      id: call.id,
      name: call.function.name,
      argumentsJson: call.function.arguments,
    }));
    const raw = { model: id, content: message };
    return {
      ...common,
      kind: "tool_calls",
      calls,
      message: { role: "assistant", text, calls, raw },
    };
  }
  return { ...common, kind: "text", text };
}

function usageOf(usage: Completion["usage"]): TokenUsage {
  return {
    inputTokens: usage?.prompt_tokens ?? 0,
    cachedInputTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage?.completion_tokens ?? 0,
  };
}
