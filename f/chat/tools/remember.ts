import * as z from "zod/v4";
import { type Tool, ToolArgumentsError } from "../agent/types.ts";
import {
  MAX_VALUE_LENGTH,
  VARIABLE_NAME,
  type Variable,
  VariableRefusedError,
} from "../contact_variables.ts";

/** Stores for one contact: which one is bound by whoever makes it. Throws VariableRefusedError. */
export type StoreVariable = (variable: Variable) => Promise<void>;

const argumentsSchema = z.strictObject({ name: z.string(), value: z.string() });

export function remember(store: StoreVariable): Tool {
  return {
    definition: {
      name: "remember",
      description:
        "Remembers one thing that the customer told about themselves for later conversations, such as their name, an order number or a size. Not for what they ask, and never a password or a card's number.",
      parameters: {
        type: "object",
        properties: {
          name: {
            type: "string",
            pattern: VARIABLE_NAME.source,
            description:
              "What it is, such as order_number. What was remembered by that name is replaced.",
          },
          value: {
            type: "string",
            maxLength: MAX_VALUE_LENGTH,
            description: "In the customer's words.",
          },
        },
        required: ["name", "value"],
        additionalProperties: false,
      },
    },
    async run(args) {
      const parsed = argumentsSchema.safeParse(args);
      if (!parsed.success) {
        throw new ToolArgumentsError('the arguments have to be {"name": "…", "value": "…"}');
      }
      try {
        await store(parsed.data);
      } catch (error) {
        if (error instanceof VariableRefusedError) throw new ToolArgumentsError(error.message);
        throw error;
      }
      return { text: JSON.stringify({ remembered: parsed.data.name }), sources: [] };
    },
  };
}
