import { createHash } from "node:crypto";

/** A number from 0 to below 1 that follows from the seed and the names: the same question has the same answer. */
export type Chance = (...names: readonly (string | number)[]) => number;

/** By name and not in a row: what happens first in one run may happen last in the next. */
export function makeChance(seed: number): Chance {
  return (...names) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([seed, ...names]))
      .digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}

/** The items in another order. */
export function shuffled<Item>(items: readonly Item[], chance: Chance, name: string): Item[] {
  return items
    .map((item, index) => ({ item, at: chance(name, index) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
