import type { Item, Unit } from "./unit.ts";

export type Tell = (line: string) => void;

/** Brings each unit in step, in their order, and answers how many things that changed. */
export async function applyUnits(units: readonly Unit[], tell: Tell): Promise<number> {
  let changed = 0;
  for (const unit of units) {
    for (const item of await unit.compare()) {
      // told after it is done: what a kill cuts off is not claimed
      await item.difference?.apply();
      if (item.difference) changed += 1;
      tell(line(item.difference?.kind ?? "unchanged", item));
    }
  }
  return changed;
}

const NOT_YET = { created: "missing", changed: "differs" } as const;

/** Reports what `applyUnits` would do, changes nothing, and answers how many things differ. */
export async function checkUnits(units: readonly Unit[], tell: Tell): Promise<number> {
  let differences = 0;
  for (const [index, unit] of units.entries()) {
    const items = await unit.compare();
    for (const item of items) {
      tell(line(item.difference ? NOT_YET[item.difference.kind] : "unchanged", item));
    }
    const found = items.filter((item) => item.difference).length;
    differences += found;
    if (unit.comesFirst && found > 0) {
      const rest = units.slice(index + 1);
      for (const { name } of rest) {
        tell(line("unknown", { name, note: `comparable once ${unit.name} is in step` }));
      }
      return differences + rest.length;
    }
  }
  return differences;
}

function line(state: string, { name, note }: Item): string {
  return `${state.padEnd(9)}  ${name}${note === undefined ? "" : `: ${note}`}`;
}
