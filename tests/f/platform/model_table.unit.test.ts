import { expect, it } from "vitest";
import { costUsd, isShutDown } from "../../../f/platform/model_table.ts";

it("charges cached input at its own price", () => {
  const tokens = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 1_000_000 };
  expect(costUsd("gpt-6-luna", tokens)).toBeCloseTo(0.06 + 0.004 + 0.5, 10);
  expect(costUsd("offline-1", tokens)).toBe(0);
});

it("does not invent a price", () => {
  const tokens = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
  expect(costUsd("llama-at-home", tokens)).toBeUndefined();
  expect(costUsd("constructor", tokens)).toBeUndefined();
});

it("knows from which day a model no longer answers", () => {
  expect(isShutDown("gemini-2.5-flash", new Date("2026-11-30T23:59:59Z"))).toBe(false);
  expect(isShutDown("gemini-2.5-flash", new Date("2026-12-01T00:00:00Z"))).toBe(true);
  expect(isShutDown("gpt-6-luna", new Date("2126-01-01"))).toBe(false);
});
