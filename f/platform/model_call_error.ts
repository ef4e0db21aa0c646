import type * as z from "zod/v4";

import type { Retryable } from "./retry.ts";

interface FailureDetails {
  /** undefined when no response came */
  readonly status?: number;
  readonly code?: string;
  readonly isRetryable: boolean;
  /** whether another provider may answer what this one did not; as isRetryable unless given */
  readonly isOutage?: boolean;
  readonly retryAfterMs?: number;
}

/**
 * A call to a model API failed. `isRetryable` says whether another attempt may succeed, `isOutage` whether another
 * provider may: a used-up quota does not pass by waiting, and yet somebody else may answer.
 */
export class ModelCallError extends Error implements Retryable {
  override readonly name = "ModelCallError";
  readonly model: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly isRetryable: boolean;
  readonly isOutage: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(model: string, problem: string, details: FailureDetails, options?: ErrorOptions) {
    super(`The model ${model} was asked and failed: ${problem}`, options);
    this.model = model;
    this.status = details.status;
    this.code = details.code;
    this.isRetryable = details.isRetryable;
    this.isOutage = details.isOutage ?? details.isRetryable;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Conflict and timeout by status, throttling, and everything that is the server's fault. */
const RETRYABLE_STATUSES = [408, 409, 429, 500, 502, 503, 504];
/** These come with status 429 and do not go away by waiting. */
const FINAL_CODES = ["insufficient_quota", "billing_hard_limit_reached"];

/** What an answer with an error status means for trying again, here and elsewhere. */
export function refusedCall(
  model: string,
  problem: string,
  answer: { status: number; code: string | undefined; retryAfterMs: number | undefined },
  cause: unknown,
): ModelCallError {
  const { status, code } = answer;
  const isRetryable = RETRYABLE_STATUSES.includes(status) && !FINAL_CODES.includes(code ?? "");
  const isOutage = RETRYABLE_STATUSES.includes(status) || status >= 500;
  return new ModelCallError(model, problem, { ...answer, isRetryable, isOutage }, { cause });
}

export function timedOutCall(model: string, cause: unknown): ModelCallError {
  return new ModelCallError(model, "it took too long.", { isRetryable: true }, { cause });
}

export function unconnectedCall(model: string, cause: unknown): ModelCallError {
  return new ModelCallError(model, "no connection.", { isRetryable: true }, { cause });
}

/**
 * A model's answer in the shape that we rely on. Throws ModelCallError: asking again brings the same answer, another
 * provider does not.
 */
export function readAnswer<Schema extends z.ZodType>(
  schema: Schema,
  model: string,
  answer: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new ModelCallError(model, `its answer has another shape at ${where}.`, {
    isRetryable: false,
    isOutage: true,
  });
}
