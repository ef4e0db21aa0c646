/** What we know of a model. Prices in USD per million tokens. */
export interface ModelFacts {
  readonly price: { readonly input: number; readonly cachedInput: number; readonly output: number };
  /** sent as reasoning_effort where set */
  readonly reasoningEffort?: "none";
  /** first day on which the API no longer answers */
  readonly shutdownDate?: string;
}

/**
 * Read on 2026-11-21 in these places; look again before relying on a price.
 * [1] developers.openai.com/ja-JP/api/docs/models/gpt-6-luna
 * [2] npm @pydantic/genai-prices 0.1.8 (it gives gpt-6-luna another price than [1])
 * [3] OpenAI's GET /v1/models, field shutdown_date, as of 2026-10-27
 * [4] ai.google.dev's deprecation page, as of 2026-11-10
 */
const MODELS: ReadonlyMap<string, ModelFacts> = new Map<string, ModelFacts>([
  [
    "gpt-6-luna", // [1]: on Chat Completions it calls functions only with reasoning_effort "none"
    { price: { input: 0.1, cachedInput: 0.01, output: 0.5 }, reasoningEffort: "none" },
  ],
  ["gpt-5.4-mini", { price: { input: 0.75, cachedInput: 0.075, output: 4.5 } }], // [2]
  [
    "gpt-4o-mini", // [2] [3]
    { price: { input: 0.15, cachedInput: 0.075, output: 0.6 }, shutdownDate: "2027-01-14" },
  ],
  [
    "gpt-4.1-mini", // [2] [3]
    { price: { input: 0.4, cachedInput: 0.1, output: 1.6 }, shutdownDate: "2027-01-14" },
  ],
  ["gemini-3.7-flash", { price: { input: 0.75, cachedInput: 0.075, output: 3.75 } }], // [2]
  [
    "gemini-2.5-flash", // [2] [4]: afterwards answered, and billed, as gemini-3.5-flash-lite
    { price: { input: 0.3, cachedInput: 0.03, output: 2.5 }, shutdownDate: "2026-12-01" },
  ],
  ["gemini-2.5-flash-lite", { price: { input: 0.1, cachedInput: 0.01, output: 0.4 } }], // [2]
  ["offline-1", { price: { input: 0, cachedInput: 0, output: 0 } }], // the local stand-in
]);

/** Undefined for a model that the table does not know, such as one served by the organization itself. */
export function modelFacts(model: string): ModelFacts | undefined {
  return MODELS.get(model);
}

/** What the tokens cost in USD, or undefined when the model's price is not known. */
export function costUsd(
  model: string,
  tokens: { inputTokens: number; cachedInputTokens: number; outputTokens: number },
): number | undefined {
  const price = MODELS.get(model)?.price;
  if (!price) return undefined;
  const uncached = tokens.inputTokens - tokens.cachedInputTokens;
  const perMillion =
    uncached * price.input +
    tokens.cachedInputTokens * price.cachedInput +
    tokens.outputTokens * price.output;
  return perMillion / 1_000_000;
}

export function isShutDown(model: string, today: Date): boolean {
  const date = MODELS.get(model)?.shutdownDate;
  return date !== undefined && today >= new Date(date);
}
