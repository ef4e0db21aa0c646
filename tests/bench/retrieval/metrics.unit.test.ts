import { describe, expect, it } from "vitest";
import { mean, ndcgAt, recallAt, scoreDecisions } from "../../../bench/retrieval/metrics.ts";

const relevant = new Set(["a", "b"]);

describe("recallAt", () => {
  it.each([
    [["a", "x", "b"], 1],
    [["x", "a", "y", "b"], 0.5],
    [["x", "y", "z", "a"], 0],
    [[], 0],
  ])("of %j among the first three is %d", (ranking, recall) => {
    expect(recallAt(3, ranking, relevant)).toBe(recall);
  });
});

describe("ndcgAt", () => {
  it("is 1 when all that is relevant comes first, in any order", () => {
    expect(ndcgAt(10, ["b", "a", "x"], relevant)).toBe(1);
  });

  it("discounts by the logarithm of the place", () => {
    const best = 1 + 1 / Math.log2(3);
    expect(ndcgAt(10, ["x", "a", "b"], relevant)).toBeCloseTo(
      (1 / Math.log2(3) + 1 / Math.log2(4)) / best,
    );
  });

  it("does not expect more than k, and sees no further", () => {
    expect(ndcgAt(1, ["a"], relevant)).toBe(1);
    expect(ndcgAt(1, ["x", "a"], relevant)).toBe(0);
  });
});

describe("scoreDecisions", () => {
  it("tells answering from abstaining", () => {
    const decisions = [
      { isAnswered: true, isAnswerable: true },
      { isAnswered: true, isAnswerable: true },
      { isAnswered: true, isAnswerable: false },
      { isAnswered: false, isAnswerable: true },
      { isAnswered: false, isAnswerable: true },
      { isAnswered: false, isAnswerable: false },
    ];
    expect(scoreDecisions(decisions)).toEqual({
      precision: 2 / 3,
      recall: 1 / 2,
      f1: expect.closeTo(4 / 7, 10),
      abstain_precision: 1 / 3,
      abstain_recall: 1 / 2,
    });
  });

  it("is 0 and not NaN when nothing was answered", () => {
    expect(scoreDecisions([{ isAnswered: false, isAnswerable: false }])).toMatchObject({
      precision: 0,
      recall: 0,
      f1: 0,
    });
  });
});

describe("mean", () => {
  it("of numbers", () => expect(mean([1, 2, 6])).toBe(3));
});
