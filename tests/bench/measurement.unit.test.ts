import { describe, expect, it } from "vitest";
import { percentile } from "../../bench/measurement.ts";

describe("percentile", () => {
  it.each([
    [0.5, 2],
    [0.75, 3],
    [0.76, 10],
    [1, 10],
    [0, 1],
  ])("%d of 10, 1, 3, 2 is %d", (share, value) => {
    expect(percentile([10, 1, 3, 2], share)).toBe(value);
  });

  it("of nothing is not a number", () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});
