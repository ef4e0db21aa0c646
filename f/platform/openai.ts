import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import * as wmill from "windmill-client";
import { z } from "zod";
import { limitedFetch } from "./limited_response.ts";
import type { Retryable } from "./retry.ts";

/** A hundred embeddings are 1 MB in base64 and 3 MB as numbers. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;

const openAiResource = z.object({
  api_key: z.string().min(1),
  base_url: z.url().default("https://api.openai.com/v1"),
});

/** A client for the resource f/platform/openai. It does not retry: withRetries does. */
export async function readOpenAiClient(timeoutMs: number): Promise<OpenAI> {
  const resource = openAiResource.parse(await wmill.getResource("f/platform/openai"));
  return makeOpenAiClient({ apiKey: resource.api_key, baseUrl: resource.base_url, timeoutMs });
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

/** A call to a model API failed; `isRetryable` says whether another attempt may succeed. */
export class ModelCallError extends Error implements Retryable {
  override readonly name = "ModelCallError";
  readonly model: string;
  /** undefined when no response came */
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    model: string,
    problem: string,
    details: { status?: number; code?: string; isRetryable: boolean; retryAfterMs?: number },
    options?: ErrorOptions,
  ) {
    super(`The model ${model} was asked and failed: ${problem}`, options);
    this.model = model;
    this.status = details.status;
    this.code = details.code;
    this.isRetryable = details.isRetryable;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Conflict and timeout by status, throttling, and everything that is the server's fault. */
const RETRYABLE_STATUSES = [408, 409, 429, 500, 502, 503, 504];
/** These come with status 429 and do not go away by waiting. */
const FINAL_CODES = ["insufficient_quota", "billing_hard_limit_reached"];

/** What the `openai` package threw, as one type; any other error is returned as it is. */
export function toModelCallError(error: unknown, model: string): unknown {
  if (error instanceof APIConnectionTimeoutError) {
    return new ModelCallError(model, "it took too long.", { isRetryable: true }, { cause: error });
  }
  if (error instanceof APIConnectionError) {
    return new ModelCallError(model, "no connection.", { isRetryable: true }, { cause: error });
  }
  if (!(error instanceof APIError) || error.status === undefined) return error;
  const code = error.code ?? undefined;
  const isRetryable =
    RETRYABLE_STATUSES.includes(error.status) && !FINAL_CODES.includes(code ?? "");
  return new ModelCallError(
    model,
    error.message,
    { status: error.status, code, isRetryable, retryAfterMs: retryAfterMs(error.headers) },
    { cause: error },
  );
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
