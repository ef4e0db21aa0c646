import { randomUUID } from "node:crypto";
import { GoogleGenerativeAI } from "@google/generative-ai";
import * as z from "zod/v4";
import { toGeminiCallError } from "./gemini_errors.ts";
import { generateContentRequest } from "./gemini_request.ts";
import { ModelCallError, readAnswer } from "./model_call_error.ts";
import { parseModelId } from "./model_table.ts";
import type { ChatModel, ModelAnswer, ModelRequest, TokenUsage } from "./models.ts";
import { CONTACT_WAITS, type RetryPlan, withRetries } from "./retry.ts";

const GEMINI_URL = "https://generativelanguage.googleapis.com";
const TIMEOUT_MS = 25_000;

/** Loose, because it is sent back: the package's types know neither thought signatures nor the ids of calls. */
const part = z.looseObject({
  text: z.string().optional(),
  /** the model thinking aloud, which is not for the contact */
  thought: z.boolean().optional(),
  functionCall: z
    .looseObject({
      id: z.string().optional(),
      name: z.string(),
      args: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});
const content = z.looseObject({ parts: z.array(part).default([]) });
const count = z.number().default(0);

/** What we rely on of an answer. A blocked prompt has no candidate, and a blocked candidate no content. */
const generated = z.object({
  candidates: z
    .array(z.object({ content: content.optional(), finishReason: z.string().optional() }))
    .default([]),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .object({
      promptTokenCount: count,
      toolUsePromptTokenCount: count,
      cachedContentTokenCount: count,
      candidatesTokenCount: count,
      thoughtsTokenCount: count,
    })
    .optional(),
});
type Generated = z.infer<typeof generated>;
type GeneratedContent = z.infer<typeof content>;

export interface GeminiClient {
  readonly api: GoogleGenerativeAI;
  readonly baseUrl: string;
}

export function makeGeminiClient(settings: {
  apiKey: string;
  baseUrl: string | undefined;
}): GeminiClient {
  return {
    api: new GoogleGenerativeAI(settings.apiKey),
    baseUrl: settings.baseUrl ?? GEMINI_URL,
  };
}

/**
 * Google's Gemini API. Asked as a whole and never as a stream: the package's stream loses thought signatures, and
 * Gemini 3 refuses the next request of the turn without them.
 */
export function geminiModel(
  client: GeminiClient,
  id: string,
  { timeoutMs = TIMEOUT_MS, retries = CONTACT_WAITS }: { timeoutMs?: number; retries?: RetryPlan },
): ChatModel {
  return {
    id,
    answer: (request) => withRetries(() => ask(client, id, request, timeoutMs), retries),
  };
}

async function ask(
  client: GeminiClient,
  id: string,
  request: ModelRequest,
  timeoutMs: number,
): Promise<ModelAnswer> {
  return answerOf(id, readAnswer(generated, id, await generate(client, id, request, timeoutMs)));
}

async function generate(
  { api, baseUrl }: GeminiClient,
  id: string,
  request: ModelRequest,
  timeoutMs: number,
): Promise<unknown> {
  // the package does not look at a signal that is over already
  request.signal.throwIfAborted();
  // not its own `timeout`, whose timer runs on after the answer and keeps the process alive
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([request.signal, timeout]);
  const model = api.getGenerativeModel({ model: parseModelId(id).name }, { baseUrl });
  try {
    const { response } = await model.generateContent(generateContentRequest(id, request), {
      signal,
      ...(request.traceparent ? { customHeaders: { traceparent: request.traceparent } } : {}),
    });
    return response;
  } catch (error) {
    request.signal.throwIfAborted();
    throw toGeminiCallError(error, id, timeout.aborted);
  }
}

/** What it withheld, by finish reason or by the reason why it would not read the prompt. */
const WITHHELD = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
]);

function answerOf(id: string, answer: Generated): ModelAnswer {
  const common = { model: id, usage: usageOf(answer.usageMetadata) };
  const [candidate] = answer.candidates;
  if (!candidate) {
    if (answer.promptFeedback?.blockReason) return { ...common, kind: "content_filter" };
    throw unfinished(id, "without a candidate");
  }
  const { content: given = { parts: [] }, finishReason = "STOP" } = candidate;
  if (WITHHELD.has(finishReason)) return { ...common, kind: "content_filter" };
  const text = textOf(given);
  if (finishReason === "MAX_TOKENS") return { ...common, kind: "length", text };
  // MALFORMED_FUNCTION_CALL and its like: it failed to write what it meant, and may not fail again
  if (finishReason !== "STOP") throw unfinished(id, `with ${finishReason}`);
  const calls = given.parts.flatMap(({ functionCall: call }) => {
    if (!call) return [];
    const argumentsJson = JSON.stringify(call.args ?? {});
    return [{ id: call.id ?? randomUUID(), name: call.name, argumentsJson }];
  });
  if (calls.length > 0) {
    const raw = { model: id, content: given };
    const message = { role: "assistant", text, calls, raw } as const;
    return { ...common, kind: "tool_calls", calls, message };
  }
  // now and then it stops before it has begun
  if (text === "") throw unfinished(id, "without a word");
  return { ...common, kind: "text", text };
}

function textOf({ parts }: GeneratedContent): string {
  return parts.map(({ text = "", thought }) => (thought ? "" : text)).join("");
}

function unfinished(id: string, how: string): ModelCallError {
  return new ModelCallError(id, `it ended ${how}.`, { isRetryable: true });
}

/** What it thinks is billed as output. */
function usageOf(usage: Generated["usageMetadata"]): TokenUsage {
  if (!usage) return { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  return {
    inputTokens: usage.promptTokenCount + usage.toolUsePromptTokenCount,
    cachedInputTokens: usage.cachedContentTokenCount,
    outputTokens: usage.candidatesTokenCount + usage.thoughtsTokenCount,
  };
}
