import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { limitedFetch } from "./limited_response.ts";
import { refusedCall, timedOutCall, unconnectedCall } from "./model_call_error.ts";
import type { ModelRequest } from "./models.ts";
import { readProvider } from "./provider.ts";

/** A hundred embeddings are 1 MB in base64 and 3 MB as numbers. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;
const MAX_NAME_LENGTH = 64;
const MAX_DESCRIPTION_LENGTH = 1_024;
export const OPENAI_URL = "https://api.openai.com/v1";

/** A client for the resource f/platform/openai. It does not retry: withRetries does. */
export async function readOpenAiClient(timeoutMs: number): Promise<OpenAI> {
  const { apiKey, baseUrl } = await readProvider("openai");
  return makeOpenAiClient({ apiKey, baseUrl: baseUrl ?? OPENAI_URL, timeoutMs });
}

export function makeOpenAiClient(settings: {
  apiKey: string;
  baseUrl: string;
  timeoutMs: number;
}): OpenAI {
  return new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl,
    timeout: settings.timeoutMs,
    maxRetries: 0,
    fetch: limitedFetch(MAX_ANSWER_BYTES),
  });
}

/** What a request brings beside its body. */
export function optionsOf({ signal, traceparent }: ModelRequest) {
  return { signal, headers: traceparent ? { traceparent } : {} };
}

/**
 * What a model called a tool, as the API takes it back. A model may make up any name, and OpenAI refuses the next
 * request of the turn for one such as `functions.search` (400 at messages.2.tool_calls.0.function.name).
 */
export function callName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, MAX_NAME_LENGTH) || "_";
}

/** As much of a tool's description as the API takes: MCP servers write more, and one too long refuses the request. */
export function toolDescription(description: string): string {
  // a lone surrogate is what is left of a character that the cut went through
  return description.slice(0, MAX_DESCRIPTION_LENGTH).replace(/\p{Surrogate}$/u, "");
}

/** What the `openai` package threw, as one type; any other error is returned as it is. */
export function toModelCallError(error: unknown, model: string): unknown {
  if (error instanceof APIConnectionTimeoutError) return timedOutCall(model, error);
  if (error instanceof APIConnectionError) return unconnectedCall(model, error);
  if (!(error instanceof APIError) || error.status === undefined) return error;
  const answer = {
    status: error.status,
    code: error.code ?? undefined,
    retryAfterMs: retryAfterMs(error.headers),
  };
  return refusedCall(model, error.message, answer, error);
}

/** Seconds or a date (RFC 9110); OpenAI adds the same in milliseconds. */
export function retryAfterMs(headers: Headers | undefined, now = Date.now()): number | undefined {
  const milliseconds = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const text = headers?.get("retry-after");
  if (!text) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
