import { estimateTokens } from "./estimate_tokens.ts";

/** What the provider takes in any 60 s. */
export interface PaceLimits {
  readonly requests: number;
  readonly tokens: number;
}

/**
 * OpenAI: platform.openai.com/docs/models/text-embedding-3-small, "Tier 1", the lowest that is paid. Each job counts by
 * itself: jobs that run at once share the account's limit, and what is too much then is answered 429 and tried again.
 */
export const OPENAI_TIER_1: PaceLimits = { requests: 3_000, tokens: 1_000_000 };

const WINDOW_MS = 60_000;

interface Call {
  readonly at: number;
  readonly tokens: number;
}

export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Keeps the calls of one job, one after the other, below the limits; a try that failed counts as well. */
export class EmbeddingPace {
  readonly #limits: PaceLimits;
  readonly #clock: Clock;
  #calls: Call[] = [];

  constructor(limits: PaceLimits, clock: Clock = realClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Resolves when the texts may be sent, and counts them. */
  async take(texts: readonly string[]): Promise<void> {
    const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0);
    const wait = waitMs(this.#calls, tokens, this.#limits, this.#clock.now());
    if (wait > 0) await this.#clock.sleep(wait);
    const at = this.#clock.now();
    this.#calls = [...this.#calls.filter((call) => call.at > at - WINDOW_MS), { at, tokens }];
  }
}

/** How long the next call must wait, after these calls, oldest first. More than the limit alone goes by itself. */
export function waitMs(
  calls: readonly Call[],
  tokens: number,
  limits: PaceLimits,
  now: number,
): number {
  const recent = calls.filter(({ at }) => at > now - WINDOW_MS);
  let used = recent.reduce((sum, call) => sum + call.tokens, tokens);
  let requests = recent.length + 1;
  let wait = 0;
  for (const call of recent) {
    if (used <= limits.tokens && requests <= limits.requests) break;
    used -= call.tokens;
    requests -= 1;
    wait = call.at + WINDOW_MS - now;
  }
  return wait;
}
