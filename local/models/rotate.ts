/** The greatest power of two of which 1,536 has a whole number. */
const BLOCK = 512;

/**
 * Turns a vector of which most numbers are 0 into one of which hardly any is, keeping every length and every angle
 * (Walsh-Hadamard, block by block): models' vectors are dense, and searches compare their signs.
 */
export function rotate(vector: readonly number[]): number[] {
  const rotated = [...vector];
  for (let start = 0; start + BLOCK <= rotated.length; start += BLOCK) {
    for (let half = 1; half < BLOCK; half *= 2) rotatePairs(rotated, start, half);
  }
  return rotated;
}

/** Each number of a block with the one `half` further on, by 45 degrees. */
function rotatePairs(vector: number[], start: number, half: number): void {
  for (let offset = 0; offset < BLOCK; offset++) {
    if (offset & half) continue;
    const at = start + offset;
    const [a, b] = [vector[at] ?? 0, vector[at + half] ?? 0];
    vector[at] = (a + b) * Math.SQRT1_2;
    vector[at + half] = (a - b) * Math.SQRT1_2;
  }
}
