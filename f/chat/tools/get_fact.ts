import * as z from "zod/v4";
import { type Tool, ToolArgumentsError } from "../agent/types.ts";

/** By name, such as opening_hours: from the chatbot's settings. */
export type Facts = ReadonlyMap<string, string>;

const NAME = /^[a-z][a-z0-9_]{0,39}$/;
/** Their names stand in every prompt. */
const MAX_FACTS = 50;

/** The facts of a chatbot's settings that have a name and a text; the others are left out. */
export function factsOf(settings: Readonly<Record<string, unknown>>): Facts {
  const usable = Object.entries(settings).filter(
    (fact): fact is [string, string] => NAME.test(fact[0]) && typeof fact[1] === "string",
  );
  return new Map(usable.slice(0, MAX_FACTS));
}

/** One tool for all facts: fifty tools would cost more in every prompt than the facts themselves. */
export function getFact(facts: Facts): Tool {
  const names = [...facts.keys()].toSorted();
  const argumentsSchema = z.object({ name: z.enum(names) });
  return {
    definition: {
      name: "get_fact",
      description:
        "Tells a fact that the business has written down itself, word for word. Prefer it to the documents where a name fits the question.",
      parameters: {
        type: "object",
        properties: { name: { type: "string", enum: names } },
        required: ["name"],
        additionalProperties: false,
      },
    },
    async run(args) {
      const parsed = argumentsSchema.safeParse(args);
      if (!parsed.success) {
        throw new ToolArgumentsError(
          `the arguments have to be {"name": one of ${names.join(", ")}}`,
        );
      }
      const { name } = parsed.data;
      return { text: JSON.stringify({ name, fact: facts.get(name) }), sources: [] };
    },
  };
}
