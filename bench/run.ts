/** `npm run bench -- <name> [options]` runs bench/<name>.ts. The last line of its output is the result as JSON. */

import { readdir } from "node:fs/promises";
import { z } from "zod";
import { CannotMeasureError } from "./measurement.ts";

const measurement = z.object({ measure: z.custom<Measure>((value) => value instanceof Function) });

/** Prints tables as it goes, and returns what the last line says. */
export type Measure = (args: string[]) => Promise<Record<string, unknown>>;

/** What a bench is made of and what it shares with others, beside the benches. */
const NO_BENCHES = ["run.ts", "measurement.ts"];

const [name = "", ...args] = process.argv.slice(2);
try {
  const names = await benches();
  if (!names.includes(name)) {
    throw new CannotMeasureError(`Say which: npm run bench -- ${names.join(" | ")}`);
  }
  const { measure } = measurement.parse(await import(`./${name}.ts`));
  const result = await measure(args);
  console.log(JSON.stringify({ bench: name, ...result }));
} catch (error) {
  if (!(error instanceof CannotMeasureError)) throw error;
  console.error(error.message);
  if (error.cause !== undefined) console.error(error.cause);
  process.exitCode = 1;
}

async function benches(): Promise<string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !NO_BENCHES.includes(entry.name))
    .map((entry) => entry.name.replace(/\.ts$/, ""));
}
