/** Vectors that lie as embeddings of text do, the same in every run. */

export const DIMENSIONS = 1_536;
const BLOCK = 512;
/** More than a chunk's vector has numbers, so that no two chunks take the same stretch of it. */
const NOISE_TABLE = 1 << 20;

/**
 * What one subject has in common is 0.45 of a vector, what everything has in common 0.3: chunks of one subject then
 * have a cosine of about 0.4, of two subjects 0.1, as text-embedding-3-small's have. The spread falls with the number
 * of the dimension (the variance with its power of 0.85), and a rotation then hides which dimensions those are:
 * uniform noise would be a harder case than text is, and a few clean clusters an easier one.
 */
export class VectorSource {
  readonly #random: () => number;
  readonly #noise: Float32Array;
  readonly #spread: Float32Array;
  readonly #signs: Float32Array;
  readonly #common: Float32Array;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#noise = Float32Array.from({ length: NOISE_TABLE }, () => this.#gaussian());
    this.#spread = Float32Array.from({ length: DIMENSIONS }, (_, at) => (at + 1) ** -0.425);
    this.#signs = Float32Array.from({ length: DIMENSIONS }, () => (this.#random() < 0.5 ? -1 : 1));
    this.#common = this.direction();
  }

  random(): number {
    return this.#random();
  }

  /** A direction of length 1, before the rotation. */
  direction(): Float32Array {
    const start = Math.floor(this.#random() * NOISE_TABLE);
    const at = (index: number) => this.#noise[(start + index) % NOISE_TABLE] ?? 0;
    return unit(this.#spread.map((spread, index) => spread * at(index)));
  }

  ofSubject(subject: Float32Array): Float32Array {
    return blend([this.#common, 0.3], [subject, 0.55], [this.direction(), 0.78]);
  }

  /** Asks what this chunk says in other words: a cosine of about 0.6 to it. */
  askingFor(chunk: Float32Array): Float32Array {
    return blend([chunk, 0.6], [this.direction(), 0.8]);
  }

  /** As it is stored: no dimension says more than another. */
  rotated(vector: Float32Array): Float32Array {
    const mixed = vector.map((_, at) => {
      // neighbours go to different blocks, or the first block would have all of the spread
      const from = (at % BLOCK) * (DIMENSIONS / BLOCK) + Math.floor(at / BLOCK);
      return (vector[from] ?? 0) * (this.#signs[from] ?? 1);
    });
    for (let start = 0; start < DIMENSIONS; start += BLOCK) {
      hadamard(mixed.subarray(start, start + BLOCK));
    }
    return mixed;
  }

  #gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

function blend(...parts: [Float32Array, number][]): Float32Array {
  const sum = new Float32Array(DIMENSIONS);
  for (const [vector, weight] of parts) {
    for (let at = 0; at < DIMENSIONS; at++) sum[at] = (sum[at] ?? 0) + weight * (vector[at] ?? 0);
  }
  return unit(sum);
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

/** In place, keeping the length: a rotation that costs n log n. */
function hadamard(block: Float32Array): void {
  for (let half = 1; half < block.length; half *= 2) {
    for (let start = 0; start < block.length; start += 2 * half) {
      for (let at = start; at < start + half; at++) {
        const [a, b] = [block[at] ?? 0, block[at + half] ?? 0];
        block[at] = (a + b) * Math.SQRT1_2;
        block[at + half] = (a - b) * Math.SQRT1_2;
      }
    }
  }
}

/** Marsaglia's xorshift, 32 bits: from 0 to 1. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
