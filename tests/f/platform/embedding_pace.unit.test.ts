import { expect, it } from "vitest";
import {
  EmbeddingPace,
  OPENAI_TIER_1,
  type PaceLimits,
} from "../../../f/platform/embedding_pace.ts";
import { estimateTokens } from "../../../f/platform/estimate_tokens.ts";

const PASSAGE = "Refunds take fourteen days after the parcel came back. ".repeat(8);
const TOKENS = estimateTokens(PASSAGE);

interface Sent {
  at: number;
  tokens: number;
}

/** Sends one batch after the other, each taking callMs, on a clock that moves only by waiting. */
async function send(batches: readonly string[][], limits: PaceLimits, callMs: number) {
  let now = 0;
  const waits: number[] = [];
  const pace = new EmbeddingPace(limits, {
    now: () => now,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      now += milliseconds;
    },
  });
  const sent: Sent[] = [];
  for (const texts of batches) {
    await pace.take(texts);
    sent.push({ at: now, tokens: texts.length * TOKENS });
    now += callMs;
  }
  return { sent, waits };
}

/** The fullest 60 s begins with a call. */
function fullestMinute(sent: readonly Sent[]) {
  const minutes = sent.map((first) =>
    sent.filter(({ at }) => at >= first.at && at < first.at + 60_000),
  );
  return {
    requests: Math.max(...minutes.map((calls) => calls.length)),
    tokens: Math.max(...minutes.map((calls) => calls.reduce((sum, call) => sum + call.tokens, 0))),
  };
}

const batchesOf = (sizes: readonly number[]) =>
  sizes.map((size) => Array.from({ length: size }, () => PASSAGE));
const SIZES = Array.from({ length: 60 }, (_, n) => 1 + ((n * 7) % 10));

it.each([
  ["requests", { requests: 7, tokens: 1_000_000 }],
  ["tokens", { requests: 1_000, tokens: 25 * TOKENS }],
  ["both", { requests: 4, tokens: 20 * TOKENS }],
])("never sends more than the limit of %s in any 60 s", async (_what, limits) => {
  for (const callMs of [0, 900, 20_000]) {
    const fullest = fullestMinute((await send(batchesOf(SIZES), limits, callMs)).sent);
    expect(fullest.requests).toBeLessThanOrEqual(limits.requests);
    expect(fullest.tokens).toBeLessThanOrEqual(limits.tokens);
  }
});

it("waits no longer than the limit asks", async () => {
  const { waits } = await send(batchesOf([1, 1, 1, 1]), { requests: 2, tokens: 1_000_000 }, 1_000);
  expect(waits).toEqual([58_000]);
});

it("lets one document wait for nothing", async () => {
  expect((await send(batchesOf([100, 100, 100]), OPENAI_TIER_1, 0)).waits).toEqual([]);
});

it("sends a batch above the limit by itself, and not never", async () => {
  const limits = { requests: 100, tokens: 5 * TOKENS };
  const { sent } = await send(batchesOf([1, 9, 1]), limits, 0);
  expect(sent.map(({ at }) => at)).toEqual([0, 60_000, 120_000]);
});
