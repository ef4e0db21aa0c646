import { expect, it } from "vitest";
import {
  costUsd,
  elapsedMs,
  modelCalls,
  repeatedCall,
  TURN_RULES,
  tokens,
  toolCalls,
} from "../../../../f/chat/agent/stop_rules.ts";
import type { Progress } from "../../../../f/chat/agent/types.ts";

const start: Progress = {
  modelCalls: 0,
  toolCalls: 0,
  tokens: 0,
  costUsd: 0,
  elapsedMs: 0,
  hasRepeatedCall: false,
};

it.each([
  ["modelCalls, of which one is left", modelCalls(5), { modelCalls: 3 }, { modelCalls: 4 }],
  ["toolCalls", toolCalls(8), { toolCalls: 7 }, { toolCalls: 8 }],
  ["tokens", tokens(100), { tokens: 99 }, { tokens: 100 }],
  ["costUsd", costUsd(0.1), { costUsd: 0.09 }, { costUsd: 0.1 }],
  ["elapsedMs", elapsedMs(30), { elapsedMs: 29 }, { elapsedMs: 30 }],
  ["repeatedCall", repeatedCall(), {}, { hasRepeatedCall: true }],
])("holds at its limit and not before: %s", (_, rule, before, at) => {
  expect(rule({ ...start, ...before })).toBe(false);
  expect(rule({ ...start, ...at })).toBe(true);
});

it.each([
  ["calls of the model", { modelCalls: 3 }, { modelCalls: 4 }],
  ["calls of tools", { toolCalls: 7 }, { toolCalls: 8 }],
  ["tokens", { tokens: 59_999 }, { tokens: 60_000 }],
  ["USD", { costUsd: 0.099 }, { costUsd: 0.1 }],
  ["time", { elapsedMs: 29_999 }, { elapsedMs: 30_000 }],
  ["repetition", {}, { hasRepeatedCall: true }],
])("limits a turn's %s", (_, before, at) => {
  const isLast = (progress: Progress) => TURN_RULES.some((rule) => rule(progress));
  expect(isLast({ ...start, ...before })).toBe(false);
  expect(isLast({ ...start, ...at })).toBe(true);
});
