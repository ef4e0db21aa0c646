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
  const strange = current.resource_type === type ? [] : [strangeType(current.resource_type, type)];
  if (odd.length === 0) return [same(name, strange[0])];
  const note = [odd.map(([key]) => key).join(", "), ...strange].join("; ");
  return [different(name, () => session.api.updateResource(path, { ...had, ...value }), note)];
}

/** Only noted: its values work all the same, and somebody made it so. */
function strangeType(found: string, wanted: string): string {
  return `is of the type ${found}, and not ${wanted}; delete it in Windmill to have it made anew`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
