import type { Progress } from "./types.ts";

/** True when the next model call has to be the last. */
export type StopRule = (progress: Progress) => boolean;

export const MAX_TOOL_CALLS = 8;
/** Holds twenty long messages and five full searches. A turn reserves as much of its organization's quota. */
export const TURN_TOKENS = 60_000;
export const TURN_COST_USD = 0.1;
export const TURN_TIMEOUT_MS = 60_000;
/** What tools leave of it: a model writes a short text in 2 to 8 s. */
export const LAST_ANSWER_MS = 10_000;
/** What the last model call may take: its 25 s, and a retry's beginning. */
const LAST_CALL_MS = 30_000;

export function modelCalls(max: number): StopRule {
  return (progress) => progress.modelCalls >= max - 1;
}

export function toolCalls(max: number): StopRule {
  return (progress) => progress.toolCalls >= max;
}

export function tokens(max: number): StopRule {
  return (progress) => progress.tokens >= max;
}

export function costUsd(max: number): StopRule {
  return (progress) => progress.costUsd >= max;
}

export function elapsedMs(max: number): StopRule {
  return (progress) => progress.elapsedMs >= max;
}

export function repeatedCall(): StopRule {
  return (progress) => progress.hasRepeatedCall;
}

/** The rules of a turn on WhatsApp. */
export const TURN_RULES: readonly StopRule[] = [
  modelCalls(5),
  toolCalls(MAX_TOOL_CALLS),
  tokens(TURN_TOKENS),
  costUsd(TURN_COST_USD),
  elapsedMs(TURN_TIMEOUT_MS - LAST_CALL_MS),
  repeatedCall(),
];
