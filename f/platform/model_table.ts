/** Which interface a model is asked through. */
export type ModelApi = "chat_completions" | "responses" | "gemini";

/** USD per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** Undefined where no price is known. */
export type PriceOf = (model: string) => ModelPrice | undefined;

/** What we know of a model. */
export interface ModelFacts {
  readonly name: string;
  readonly provider: string;
  readonly api: ModelApi;
  /** tokens of prompt and answer together */
  readonly contextTokens?: number;
  readonly price: ModelPrice;
  /** announced, in UTC */
  readonly nextPrice?: { readonly from: string; readonly price: ModelPrice };
  /** how long it thinks; unset: the API is not told */
  readonly reasoningEffort?: "low";
  /** first day on which the API no longer answers */
  readonly shutdownDate?: string;
  readonly sources: readonly ModelSource[];
}

/** Where we know it from. Look again before relying on a price. */
interface ModelSource {
  readonly place: string;
  /** the day as of which it says so */
  readonly asOf: string;
}

const OPENAI_PAGE = {
  place: "developers.openai.com/ja-JP/api/docs/models/gpt-6-luna",
  asOf: "2026-11-21",
};
/** Prices and context sizes. It counts prompts over 272,000 tokens of gpt-6-luna double: ours never get there. */
const GENAI_PRICES = { place: "npm @pydantic/genai-prices 0.1.8", asOf: "2026-11-21" };
const OPENAI_MODELS = { place: "OpenAI's GET /v1/models, shutdown_date", asOf: "2026-10-27" };
const GOOGLE_DEPRECATIONS = { place: "ai.google.dev, deprecations", asOf: "2026-11-10" };
const GOOGLE_NEWS = {
  place: "ai.google.dev/gemini-api/docs/generate-content/whats-new-gemini-3.7",
  asOf: "2026-11-21",
};
const STAND_IN = { place: "local/models", asOf: "2026-11-21" };

/** Introductory until the end of 2026 [GENAI_PRICES]. */
const FLASH_PRICES = {
  price: { input: 0.75, cachedInput: 0.075, output: 3.75 },
  nextPrice: { from: "2027-01-01", price: { input: 1.5, cachedInput: 0.15, output: 7.5 } },
};

const MODELS: readonly ModelFacts[] = [
  {
    name: "gpt-6-luna",
    provider: "openai",
    // on Chat Completions it calls functions only without reasoning
    api: "responses",
    contextTokens: 1_050_000,
    price: { input: 0.1, cachedInput: 0.01, output: 0.5 },
    // its default is medium, and a contact waits
    reasoningEffort: "low",
    sources: [OPENAI_PAGE, GENAI_PRICES],
  },
  {
    name: "gpt-5.4-mini",
    provider: "openai",
    api: "responses",
    contextTokens: 400_000,
    price: { input: 0.75, cachedInput: 0.075, output: 4.5 },
    reasoningEffort: "low",
    sources: [GENAI_PRICES],
  },
  {
    name: "gpt-4o-mini",
    provider: "openai",
    api: "chat_completions",
    contextTokens: 128_000,
    price: { input: 0.15, cachedInput: 0.075, output: 0.6 },
    shutdownDate: "2027-01-14",
    sources: [GENAI_PRICES, OPENAI_MODELS],
  },
  {
    name: "gpt-4.1-mini",
    provider: "openai",
    api: "chat_completions",
    contextTokens: 1_000_000,
    price: { input: 0.4, cachedInput: 0.1, output: 1.6 },
    shutdownDate: "2027-01-14",
    sources: [GENAI_PRICES, OPENAI_MODELS],
  },
  {
    name: "gemini-3.8-flash",
    provider: "google",
    api: "gemini",
    contextTokens: 1_000_000,
    ...FLASH_PRICES,
    // its default is medium
    reasoningEffort: "low",
    sources: [GENAI_PRICES],
  },
  {
    name: "gemini-3.7-flash", // deprecated: answered by gemini-3.8-flash
    provider: "google",
    api: "gemini",
    contextTokens: 1_000_000,
    ...FLASH_PRICES,
    reasoningEffort: "low",
    sources: [GENAI_PRICES, GOOGLE_NEWS],
  },
  {
    name: "gemini-2.5-flash", // afterwards answered, and billed, as gemini-3.5-flash-lite
    provider: "google",
    api: "gemini",
    contextTokens: 1_048_576,
    price: { input: 0.3, cachedInput: 0.03, output: 2.5 },
    shutdownDate: "2026-12-01",
    sources: [GENAI_PRICES, GOOGLE_DEPRECATIONS],
  },
  {
    name: "gemini-2.5-flash-lite",
    provider: "google",
    api: "gemini",
    contextTokens: 1_000_000,
    price: { input: 0.1, cachedInput: 0.01, output: 0.4 },
    sources: [GENAI_PRICES],
  },
  {
    name: "offline-1",
    provider: "openai",
    api: "chat_completions",
    price: { input: 0, cachedInput: 0, output: 0 },
    sources: [STAND_IN],
  },
];

/**
 * `provider:name`, or a name alone, which is the table's model of that name or else one of OpenAI's. A name with a
 * colon of its own needs the provider: `openai:ft:gpt-4.1-mini:shop::1`, `ollama:llama3:8b`.
 */
export function parseModelId(id: string): { provider: string; name: string } {
  const [, provider, name] = /^([a-z][a-z0-9_]*):(.+)$/.exec(id) ?? [];
  if (provider !== undefined && name !== undefined) return { provider, name };
  return { provider: MODELS.find((model) => model.name === id)?.provider ?? "openai", name: id };
}

/** Undefined for a model that the table does not know, such as one served by the organization itself. */
export function modelFacts(id: string): ModelFacts | undefined {
  const { provider, name } = parseModelId(id);
  return MODELS.find((model) => model.name === name && model.provider === provider);
}

/** Undefined where it is not known. */
export function priceOf(id: string, today: Date): ModelPrice | undefined {
  const facts = modelFacts(id);
  const next = facts?.nextPrice;
  return next && today >= new Date(next.from) ? next.price : facts?.price;
}

interface Tokens {
  readonly inputTokens: number;
  /** of inputTokens */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** In USD. */
export function costAt(price: ModelPrice, tokens: Tokens): number {
  const uncached = tokens.inputTokens - tokens.cachedInputTokens;
  const perMillion =
    uncached * price.input +
    tokens.cachedInputTokens * price.cachedInput +
    tokens.outputTokens * price.output;
  return perMillion / 1_000_000;
}

export function isShutDown(id: string, today: Date): boolean {
  const date = modelFacts(id)?.shutdownDate;
  return date !== undefined && today >= new Date(date);
}
