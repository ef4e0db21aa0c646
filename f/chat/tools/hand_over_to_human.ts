import * as z from "zod/v4";
import { type Tool, ToolArgumentsError } from "../agent/types.ts";

const argumentsSchema = z.object({
  reason: z.string().trim().min(1).max(500),
  message: z.string().trim().min(1).max(1_000),
});

/**
 * Ends the turn with the hand-over. It does nothing itself: the conversation changes hands in the transaction that
 * records the reply, so that a run which dies before that has handed nothing over, and a second run asks again.
 */
export function handOverToHuman(): Tool {
  return {
    definition: {
      name: "hand_over_to_human",
      description:
        "Passes the conversation on to a person of the business, who answers from then on; you write nothing more. Use it when the customer asks for a person, complains, or needs what none of your tools can do. Not for what you merely do not know.",
      parameters: {
        type: "object",
        properties: {
          reason: {
            type: "string",
            description: "For that person: what the customer wants, in one sentence.",
          },
          message: {
            type: "string",
            description:
              "For the customer, in their language: that a person will go on, without promising when.",
          },
        },
        required: ["reason", "message"],
        additionalProperties: false,
      },
    },
    async run(args) {
      const parsed = argumentsSchema.safeParse(args);
      if (!parsed.success) {
        throw new ToolArgumentsError(
          'the arguments have to be {"reason": at most 500 characters, "message": at most 1000}',
        );
      }
      const text = JSON.stringify({ handed_over: true });
      return { text, sources: [], handOver: parsed.data };
    },
  };
}
