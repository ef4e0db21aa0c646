import { ModelCallError } from "./model_call_error.ts";
import type { ChatModel } from "./models.ts";

/** No model of a chain answered. */
export class AllModelsFailedError extends Error {
  override readonly name = "AllModelsFailedError";
  /** in the order in which they were asked */
  readonly attempts: readonly ModelCallError[];

  constructor(attempts: readonly ModelCallError[]) {
    const told = attempts.map(({ message }) => message).join(" ");
    super(`None of the chatbot's models answered. ${told}`, { cause: attempts.at(-1) });
    this.attempts = attempts;
  }
}

/**
 * Asks the first model and, while that is a matter of an outage (a rate limit, a 5xx, a timeout, no connection),
 * the next. Never after a refused request: the next model would get the same one, and a wrong key or name that
 * nobody notices would be billed at the second choice's price for ever. Who failed is not asked again by this chain:
 * it lives for one turn.
 */
export function fallbackChain(models: readonly [ChatModel, ...ChatModel[]]): ChatModel {
  const left = [...models];
  const attempts: ModelCallError[] = [];
  return {
    id: models[0].id,
    async answer(request) {
      for (let model = left[0]; model; model = left[0]) {
        try {
          return await model.answer(request);
        } catch (error) {
          if (!(error instanceof ModelCallError) || !error.isOutage) throw error;
          attempts.push(error);
          left.shift();
        }
      }
      throw new AllModelsFailedError(attempts);
    },
  };
}
