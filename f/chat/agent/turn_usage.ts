import { costAt, type PriceOf } from "../../platform/model_table.ts";
import type { TokenUsage } from "../../platform/models.ts";
import type { ModelUsage, TurnUsage } from "./types.ts";

/** One answer of a model. */
export interface ModelCall {
  readonly model: string;
  readonly tokens: TokenUsage;
  /** how many it asked for */
  readonly toolCalls: number;
}

/** In USD. A model without a known price costs nothing here: the other rules hold it. */
export function costOf(calls: readonly ModelCall[], priceOf: PriceOf): number {
  return calls.reduce((total, { model, tokens }) => {
    const price = priceOf(model);
    return total + (price ? costAt(price, tokens) : 0);
  }, 0);
}

/** What a turn used, of at least one call. The models stand in the order in which they came in. */
export function turnUsage(calls: readonly ModelCall[], elapsedMs: number): TurnUsage {
  const models = [...new Set(calls.map(({ model }) => model))];
  return {
    ...usageOf(calls.at(-1)?.model ?? "", calls),
    milliseconds: Math.round(elapsedMs),
    models: models.map((model) =>
      usageOf(
        model,
        calls.filter((call) => call.model === model),
      ),
    ),
  };
}

function usageOf(model: string, calls: readonly ModelCall[]): ModelUsage {
  const total = (amount: (call: ModelCall) => number) =>
    calls.reduce((sum, call) => sum + amount(call), 0);
  return {
    model,
    model_calls: calls.length,
    tool_calls: total((call) => call.toolCalls),
    input_tokens: total((call) => call.tokens.inputTokens),
    cached_input_tokens: total((call) => call.tokens.cachedInputTokens),
    output_tokens: total((call) => call.tokens.outputTokens),
  };
}
