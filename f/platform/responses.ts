import type OpenAI from "openai";
import type {
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import * as z from "zod/v4";
import { ModelCallError, readAnswer } from "./model_call_error.ts";
import { modelFacts, parseModelId } from "./model_table.ts";
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
const MAX_TEXT_TOKENS = 1_000;
/** What a model thinks is counted with what it says. */
const MAX_REASONING_TOKENS = 4_000;

const part = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("output_text"), text: z.string() }),
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
]);
const messageItem = z.looseObject({ type: z.literal("message"), content: z.array(part) });
const callItem = z.looseObject({
  type: z.literal("function_call"),
  call_id: z.string().min(1),
  name: z.string().transform(callName),
  arguments: z.string(),
});
/** Reasoning, mostly: opaque, and kept as it is. */
const otherItem = z.looseObject({
  type: z.string().refine((type) => type !== "message" && type !== "function_call"),
});

/** What we rely on of a response; loose wherever it is sent back. */
const response = z.object({
  status: z.string(),
  error: z.object({ code: z.string().nullish(), message: z.string() }).nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  output: z.array(z.union([messageItem, callItem, otherItem])),
  usage: z
    .object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      input_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});
type Response = z.infer<typeof response>;

/** OpenAI's Responses API. Nothing is stored there: each request holds all that the model needs. */
export function responsesModel(
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
  return answerOf(id, readAnswer(response, id, await create(client, id, request)));
}

async function create(client: OpenAI, id: string, request: ModelRequest): Promise<unknown> {
  try {
    return await client.responses.create(bodyOf(id, request), optionsOf(request));
  } catch (error) {
    throw toModelCallError(error, id);
  }
}

function bodyOf(id: string, request: ModelRequest): ResponseCreateParamsNonStreaming {
  const effort = modelFacts(id)?.reasoningEffort;
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    name,
    description: toolDescription(description),
    parameters: { ...parameters },
    // strict wants every property required; the schemas of others seldom fit, and we validate ourselves
    strict: false,
  }));
  return {
    model: parseModelId(id).name,
    input: request.messages.flatMap((message) => inputItems(message, id)),
    store: false,
    max_output_tokens: MAX_TEXT_TOKENS + (effort ? MAX_REASONING_TOKENS : 0),
    ...(tools.length > 0 ? { tools, tool_choice: request.toolChoice } : {}),
    // what is not stored there can only be thought on with if we bring it back
    ...(effort ? { reasoning: { effort }, include: ["reasoning.encrypted_content"] } : {}),
    ...(request.cacheKey ? { prompt_cache_key: request.cacheKey } : {}),
  };
}

function inputItems(message: ChatMessage, id: string): ResponseInputItem[] {
  switch (message.role) {
    case "system":
    case "user":
      return [{ role: message.role, content: message.text }];
    case "tool":
      return [{ type: "function_call_output", call_id: message.callId, output: message.text }];
    case "assistant":
      return assistantItems(message, id);
  }
}

function assistantItems({ text, calls = [], raw }: AssistantMessage, id: string) {
  // what the API gave us, with fields its types do not name
  if (raw?.model === id) return raw.content as ResponseInputItem[];
  const items: ResponseInputItem[] = calls.map((call) => ({
    type: "function_call",
    call_id: call.id,
    name: callName(call.name),
    arguments: call.argumentsJson,
  }));
  if (text !== "" || calls.length === 0) items.unshift({ role: "assistant", content: text });
  return items;
}

/** By the status first: the output of a response that did not end well may be half a call. */
function answerOf(id: string, answer: Response): ModelAnswer {
  const common = { model: id, usage: usageOf(answer.usage) };
  const text = textOf(answer);
  if (answer.status === "incomplete") {
    const isWithheld = answer.incomplete_details?.reason === "content_filter";
    return isWithheld ? { ...common, kind: "content_filter" } : { ...common, kind: "length", text };
  }
  if (answer.status !== "completed") throw failedResponse(id, answer);
  const refusal = refusalOf(answer);
  if (refusal !== "") return { ...common, kind: "refusal", text: refusal };
  const calls = answer.output.flatMap((item) => {
    const call = callItem.safeParse(item).data;
    return call ? [{ id: call.call_id, name: call.name, argumentsJson: call.arguments }] : [];
  });
  if (calls.length === 0) return { ...common, kind: "text", text };
  const raw = { model: id, content: answer.output };
  return { ...common, kind: "tool_calls", calls, message: { role: "assistant", text, calls, raw } };
}

/** Codes of a failed response that are about the moment and not about the request. */
const PASSING_CODES = ["server_error", "rate_limit_exceeded"];

function failedResponse(id: string, { status, error }: Response): ModelCallError {
  const code = error?.code ?? undefined;
  return new ModelCallError(id, error?.message ?? `its response ended as "${status}".`, {
    ...(code === undefined ? {} : { code }),
    isRetryable: code === undefined || PASSING_CODES.includes(code),
  });
}

function partsOf(answer: Response): z.infer<typeof part>[] {
  return answer.output.flatMap((item) => messageItem.safeParse(item).data?.content ?? []);
}

function textOf(answer: Response): string {
  return partsOf(answer)
    .map((piece) => (piece.type === "output_text" ? piece.text : ""))
    .join("");
}

function refusalOf(answer: Response): string {
  return partsOf(answer)
    .map((piece) => (piece.type === "refusal" ? piece.refusal : ""))
    .join("");
}

function usageOf(usage: Response["usage"]): TokenUsage {
  return {
    inputTokens: usage?.input_tokens ?? 0,
    cachedInputTokens: usage?.input_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage?.output_tokens ?? 0,
  };
}
