import * as z from "zod/v4";
import type { UnansweredOutcome } from "./claim.ts";

const said = z.object({
  author: z.enum(["contact", "chatbot", "user"]),
  kind: z.string(),
  body: z.string(),
  /** the beginning of what this is a reply to, if anything */
  quoted: z.string().nullish(),
  /** the headline of the ad that the contact came from, if any */
  ad: z.string().nullish(),
});
/** One message of the conversation, its text cut to what a model is shown. */
export type Said = z.infer<typeof said>;

/** All that answering a turn needs, and no credential: it is kept as a job's result. */
export const contextPayload = z.object({
  outcome: z.literal("reply"),
  turn_id: z.uuid(),
  fence: z.int(),
  organization_id: z.uuid(),
  chatbot: z.object({
    id: z.uuid(),
    name: z.string(),
    system_prompt: z.string(),
    /** null: the installation's default */
    model: z.string().nullable(),
    /** asked in this order when the model does not answer */
    fallback_models: z.array(z.string()),
  }),
  contact: z.object({ id: z.uuid(), profile_name: z.string() }),
  /** what was said before, the oldest first */
  history: z.array(said),
  /** what this turn answers, in order */
  messages: z.array(said),
  /** the kinds of tools that the chatbot has */
  tools: z.array(z.enum(["search_knowledge_base"])),
});
export type ContextPayload = z.infer<typeof contextPayload>;

export type LoadedContext =
  | ContextPayload
  | { readonly outcome: UnansweredOutcome | "unknown_number"; readonly reason: string };
