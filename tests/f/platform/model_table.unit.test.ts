import { expect, it } from "vitest";
import {
  costAt,
  isShutDown,
  modelFacts,
  parseModelId,
  priceOf,
} from "../../../f/platform/model_table.ts";

it("charges cached input at its own price", () => {
  const tokens = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 1_000_000 };
  const price = { input: 0.1, cachedInput: 0.01, output: 0.5 };
  expect(costAt(price, tokens)).toBeCloseTo(0.06 + 0.004 + 0.5, 10);
});

it("does not invent a price", () => {
  const today = new Date();
  expect(priceOf("gpt-6-luna", today)).toBeDefined(); // control
  expect(priceOf("llama-at-home", today)).toBeUndefined();
  expect(priceOf("constructor", today)).toBeUndefined();
});

it("knows from which day a model no longer answers", () => {
  expect(isShutDown("gemini-2.5-flash", new Date("2026-11-30T23:59:59Z"))).toBe(false);
  expect(isShutDown("gemini-2.5-flash", new Date("2026-12-01T00:00:00Z"))).toBe(true);
  expect(isShutDown("gpt-6-luna", new Date("2126-01-01"))).toBe(false);
});

it("raises a price on the day on which its maker does", () => {
  expect(priceOf("gemini-3.8-flash", new Date("2026-12-31T23:59:59Z"))?.input).toBe(0.75);
  expect(priceOf("gemini-3.8-flash", new Date("2027-01-01T00:00:00Z"))?.input).toBe(1.5);
});

it.each([
  ["gpt-6-luna", "openai", "gpt-6-luna"],
  ["gemini-3.8-flash", "google", "gemini-3.8-flash"],
  ["google:gemini-9", "google", "gemini-9"],
  ["openrouter:anthropic/claude:free", "openrouter", "anthropic/claude:free"],
  ["openai:ft:gpt-4.1-mini:shop::1", "openai", "ft:gpt-4.1-mini:shop::1"],
  ["unheard-of", "openai", "unheard-of"],
])("reads %s as a model of %s", (id, provider, name) => {
  expect(parseModelId(id)).toEqual({ provider, name });
});

it("knows a model by its provider: elsewhere the same name has another price", () => {
  expect(modelFacts("openai:gpt-6-luna")).toBe(modelFacts("gpt-6-luna"));
  expect(modelFacts("openrouter:gpt-6-luna")).toBeUndefined();
});
