import type { ScriptSignature } from "./script_signature.ts";

/**
 * The program that runs a script's main: arguments by name, others dropped, a result file,
 * and an exit that does not wait for work that main left behind (Windmill: bun_executor.rs).
 */
export function wrapperFor(bundle: string, { parameters }: ScriptSignature): string {
  const names = parameters.map(({ name }) => name);
  const dates = parameters.filter(({ isDate }) => isDate).map(({ name }) => name);
  return `import { readFile, writeFile } from "node:fs/promises";
import * as script from ${JSON.stringify(bundle)};

BigInt.prototype.toJSON = function () {
  return this.toString();
};

async function run() {
  const args = JSON.parse(await readFile("args.json", "utf8"));
  for (const name of ${JSON.stringify(dates)}) args[name] = args[name] ? new Date(args[name]) : undefined;
  if (typeof script.main !== "function") throw new Error("main function is missing");
  let result = await script.main(...${JSON.stringify(names)}.map((name) => args[name]));
  if (typeof result?.[Symbol.asyncIterator] === "function") {
    for await (const chunk of result) console.log("WM_STREAM: " + chunk.replace(/\\n/g, "\\\\n"));
    result = null;
  }
  const json = JSON.stringify(result ?? null, (_key, value) => (value === undefined ? null : value));
  await writeFile("result.json", json);
}

function describe(thrown) {
  if (typeof thrown !== "object" || thrown === null) return { message: String(thrown), name: "Error" };
  const error = { message: thrown.message, name: thrown.name, stack: thrown.stack };
  if (process.env.WM_FLOW_STEP_ID) error.step_id = process.env.WM_FLOW_STEP_ID;
  const known = ["line", "name", "stack", "column", "message", "sourceURL", "originalLine", "originalColumn"];
  const extra = Object.getOwnPropertyNames(thrown).filter((key) => !known.includes(key));
  if (extra.length > 0) error.extra = Object.fromEntries(extra.map((key) => [key, thrown[key]]));
  return error;
}

try {
  await run();
  process.exit(0);
} catch (thrown) {
  console.error(thrown);
  await writeFile("result.json", JSON.stringify(describe(thrown)));
  process.exit(1);
}
`;
}
