import { isDeepStrictEqual } from "node:util";
import { different, type Item, missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import type { DesiredResource } from "./desired_values.ts";

/** What the steps read as resources. What is not set anywhere is left as Windmill has it. */
export function resources(session: WindmillSession, desired: readonly DesiredResource[]): Unit {
  return {
    name: "resources",
    async compare() {
      const items: Item[] = [];
      for (const resource of desired) items.push(...(await compareResource(session, resource)));
      return items;
    },
  };
}

async function compareResource(
  session: WindmillSession,
  { path, type, value, first }: DesiredResource,
): Promise<Item[]> {
  const name = `resource ${path}`;
  const current = await session.api.resource(path);
  if (current === undefined) {
    if (value === undefined && first === undefined) return [];
    const request = { value: { ...first, ...value }, resource_type: type };
    return [missing(name, () => session.api.createResource(path, request))];
  }
  const fields = Object.entries(value ?? {});
  const had = isRecord(current.value) ? current.value : {};
  const odd = fields.filter(([key, wanted]) => !isDeepStrictEqual(had[key], wanted));
  if (odd.length === 0) return [same(name)];
  const note = odd.map(([key]) => key).join(", ");
  return [different(name, () => session.api.updateResource(path, { ...had, ...value }), note)];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
