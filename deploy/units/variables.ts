import { different, type Item, missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import type { DesiredVariable } from "./desired_values.ts";

/** What the steps read as variables. What is not set anywhere is left as Windmill has it. */
export function variables(session: WindmillSession, desired: readonly DesiredVariable[]): Unit {
  return {
    name: "variables",
    async compare() {
      const items: Item[] = [];
      for (const variable of desired) items.push(...(await compareVariable(session, variable)));
      return items;
    },
  };
}

/** Nothing for a variable that nobody wants. */
async function compareVariable(
  session: WindmillSession,
  { path, isSecret, description, value, first }: DesiredVariable,
): Promise<Item[]> {
  const name = `variable ${path}`;
  const current = await session.api.variable(path);
  if (current === undefined) {
    const begin = value ?? first;
    if (begin === undefined) return [];
    const request = { value: begin, is_secret: isSecret, description };
    return [missing(name, () => session.api.createVariable(path, request))];
  }
  if (value === undefined) return [same(name)];
  // a token that may not read secrets sees no value, and then none is taken for the wanted one
  if (current.value === value && current.is_secret === isSecret) return [same(name)];
  const change = { value, is_secret: isSecret };
  return [different(name, () => session.api.updateVariable(path, change))];
}
