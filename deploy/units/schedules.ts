import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { different, type Item, missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";

const ENDING = ".schedule.yaml";
const scheduleFile = z.object({ enabled: z.boolean() });

/** The schedules that the checkout has on are on; whoever switched one off for a while is overruled. */
export function schedules(session: WindmillSession, root: string): Unit {
  return {
    name: "schedules",
    async compare() {
      const items: Item[] = [];
      for (const path of enabledIn(root)) items.push(await compareSchedule(session, path));
      return items;
    },
  };
}

async function compareSchedule(session: WindmillSession, path: string): Promise<Item> {
  const name = `schedule ${path}`;
  const enable = () => session.api.enableSchedule(path);
  const current = await session.api.schedule(path);
  // the push that comes before makes it; in a check it is not there yet
  if (current === undefined) return missing(name, enable);
  return current.enabled ? same(name) : different(name, enable, "was off");
}

function enabledIn(root: string): string[] {
  return readdirSync(join(root, "f"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ENDING))
    .filter((file) => {
      const text = readFileSync(join(root, "f", file), "utf8");
      return scheduleFile.parse(parse(text)).enabled;
    })
    .map((file) => `f/${file.slice(0, -ENDING.length)}`)
    .sort();
}
