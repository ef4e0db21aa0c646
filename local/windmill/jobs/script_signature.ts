import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { initSync, parse_deno } from "windmill-parser-wasm-ts";
import { z } from "zod";

/** The parameters of a script's main, by Windmill's own parser. */
export interface ScriptSignature {
  /** `type` is what the parser says: "float", "datetime", {"str":null}, {"resource":"postgresql"}, … */
  parameters: { name: string; isDate: boolean; isRequired: boolean; type: unknown }[];
}

export class UnreadableScript extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}.ts cannot run: ${problem}`);
    this.name = "UnreadableScript";
    this.path = path;
  }
}

const parsedSchema = z.union([
  z.object({
    args: z.array(z.object({ name: z.string(), typ: z.unknown(), has_default: z.boolean() })),
    auto_kind: z.string().nullable(),
  }),
  z.object({ type: z.literal("Invalid") }),
]);

let ready = false;

export function readSignature(path: string, code: string): ScriptSignature {
  const { args, auto_kind } = parseScript(path, code);
  if (auto_kind === "lib") throw new UnreadableScript(path, "it exports no function main.");
  return {
    parameters: args.map(({ name, typ, has_default }) => ({
      name,
      isDate: typ === "datetime",
      isRequired: !has_default,
      type: typ,
    })),
  };
}

/** False for a library: a file under f/ that others import. */
export function hasMain(path: string, code: string): boolean {
  return parseScript(path, code).auto_kind !== "lib";
}

function parseScript(path: string, code: string) {
  if (!ready) {
    const require = createRequire(import.meta.url);
    const wasm = require.resolve("windmill-parser-wasm-ts/windmill_parser_wasm_bg.wasm");
    initSync({ module: readFileSync(wasm) });
    ready = true;
  }
  const parsed = parsedSchema.parse(JSON.parse(parse_deno(code, "main")));
  if ("type" in parsed) throw new UnreadableScript(path, "Windmill's parser finds it invalid.");
  return parsed;
}
