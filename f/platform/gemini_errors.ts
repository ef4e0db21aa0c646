import {
  GoogleGenerativeAIError,
  GoogleGenerativeAIFetchError,
  GoogleGenerativeAIRequestInputError,
} from "@google/generative-ai";
import * as z from "zod/v4";
import { ModelCallError, refusedCall, timedOutCall, unconnectedCall } from "./model_call_error.ts";

/** What `@google/generative-ai` threw, as one type; a mistake in how we use it is returned as it is. */
export function toGeminiCallError(error: unknown, model: string, isTimedOut: boolean): unknown {
  if (isTimedOut) return timedOutCall(model, error);
  if (error instanceof GoogleGenerativeAIFetchError && error.status !== undefined) {
    const answer = {
      status: error.status,
      code: undefined,
      retryAfterMs: retryDelayMs(error.errorDetails),
    };
    return refusedCall(model, error.message, answer, error);
  }
  if (error instanceof GoogleGenerativeAIRequestInputError) return error;
  if (error instanceof GoogleGenerativeAIError) return unconnectedCall(model, error);
  // the package hands through what reading the body threw
  const problem = "its answer broke off or is not JSON.";
  return new ModelCallError(model, problem, { isRetryable: true }, { cause: error });
}

const retryInfo = z.object({
  "@type": z.literal("type.googleapis.com/google.rpc.RetryInfo"),
  retryDelay: z.string().regex(/^\d+(\.\d+)?s$/),
});

/** Google says in the body how long to wait: {"@type": "….RetryInfo", "retryDelay": "23s"}. */
function retryDelayMs(details: readonly unknown[] | undefined): number | undefined {
  for (const detail of details ?? []) {
    const info = retryInfo.safeParse(detail).data;
    if (info) return Number.parseFloat(info.retryDelay) * 1_000;
  }
  return undefined;
}
