/** USD per million tokens [npm @pydantic/genai-prices 0.1.8, 2026-11-21]. Look again before relying on a price. */
const PRICES: Readonly<Record<string, number>> = {
  "text-embedding-3-small": 0.02,
  "text-embedding-3-large": 0.13,
  "gemini-embedding-001": 0.15,
};

/** Undefined for a model that the table does not know. */
export function embeddingPrice(model: string): number | undefined {
  return PRICES[model];
}
