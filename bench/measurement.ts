/** Something a measurement needs is not there; the message says what and where to get it. */
export class CannotMeasureError extends Error {
  override readonly name = "CannotMeasureError";
}

/** Milliseconds that a call took, beside its result. */
export async function timed<Result>(
  call: () => Promise<Result>,
): Promise<{ result: Result; ms: number }> {
  const start = performance.now();
  const result = await call();
  return { result, ms: performance.now() - start };
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
