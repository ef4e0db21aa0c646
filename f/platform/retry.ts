/** What a failure says about trying again. Decided once, where the answer is read. */
export interface Retryable {
  readonly isRetryable: boolean;
  /** how long the other side asked us to wait */
  readonly retryAfterMs?: number | undefined;
}

export interface RetryPlan {
  /** calls in all, the first one included */
  readonly attempts: number;
  /** the wait before the second call; it doubles after each one */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** A contact waits for the answer: one more attempt, soon, or none. */
export const CONTACT_WAITS: RetryPlan = { attempts: 2, firstWaitMs: 500, longestWaitMs: 4_000 };

export interface Waiting {
  sleep(milliseconds: number): Promise<void>;
  /** in [0, 1) */
  random(): number;
}

const realWaiting: Waiting = {
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  random: Math.random,
};

/**
 * Calls until it succeeds, the plan's attempts are used up, or a failure is not retryable, and then throws the
 * last failure. When asked to wait longer than the plan's longest wait, it ends: somebody waits for the answer.
 */
export async function withRetries<Result>(
  call: () => Promise<Result>,
  plan: RetryPlan,
  waiting: Waiting = realWaiting,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= plan.attempts || !isRetryable(error)) throw error;
      const wait = error.retryAfterMs ?? jittered(attempt, plan, waiting.random());
      if (wait > plan.longestWaitMs) throw error;
      await waiting.sleep(wait);
    }
  }
}

/** Between half and all of the doubled wait, so that jobs which failed together do not return together. */
function jittered(attempt: number, plan: RetryPlan, random: number): number {
  const doubled = plan.firstWaitMs * 2 ** (attempt - 1);
  return Math.min(doubled, plan.longestWaitMs) * (0.5 + random / 2);
}

function isRetryable(error: unknown): error is Retryable {
  return error instanceof Error && "isRetryable" in error && error.isRetryable === true;
}
