import { GraphError } from "./graph_error.ts";

export interface PairRateOptions {
  /** Each message to a person takes up this much of the time. */
  readonly secondsPerMessage: number;
  /** How many may come at once. */
  readonly burst: number;
}

/** Meta: one message in 6 seconds to the same person, and 45 in a burst. */
export const META_PAIR_RATE: PairRateOptions = { secondsPerMessage: 6, burst: 45 };

/** Counts what each number sends to each person. */
export class PairRate {
  readonly #options: PairRateOptions;
  readonly #now: () => number;
  readonly #pacedUntil = new Map<string, number>();

  constructor(options: PairRateOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** Throws what Meta answers when the message is one too many, which then does not count. */
  count(phoneNumberId: string, userId: string): void {
    const { secondsPerMessage, burst } = this.#options;
    const key = `${phoneNumberId}/${userId}`;
    const pacedUntil = Math.max(this.#pacedUntil.get(key) ?? 0, this.#now());
    if (pacedUntil - this.#now() > (burst - 1) * secondsPerMessage * 1_000) {
      throw new GraphError({
        code: 131056,
        details: "Too many messages were sent from this number to the same person.",
      });
    }
    this.#pacedUntil.set(key, pacedUntil + secondsPerMessage * 1_000);
  }
}
