import type { ChatMessage } from "../../platform/models.ts";
import { holdsCredential, type Instructions, repeatsInstructions } from "./leak.ts";
import { withReadLinks } from "./read_links.ts";
import { toWhatsAppMarkup } from "./whatsapp_markup.ts";

/** A model's answer holds what no contact may read. The message does not say it: it is kept in alerts. */
export class ReplyLeakError extends Error {
  override readonly name = "ReplyLeakError";
  readonly leaked: "instructions" | "credential";

  constructor(leaked: ReplyLeakError["leaked"]) {
    const what = leaked === "credential" ? "something like a credential" : "its instructions";
    super(
      `The model's answer holds ${what}, and was not sent. Look at the turn's tool calls and the contact's messages for instructions that the model followed.`,
    );
    this.leaked = leaked;
  }
}

/** The marks of fenced(): a model that writes them tells a contact nothing by it. */
const FENCE_MARK = /\[(?:end of )?data [0-9a-f]{16}[^\]\n]*\]/g;

/**
 * A model's answer as it may be sent: in WhatsApp's markup, with no link that it has not read. `read` is everything
 * that it was given. "" when nothing of it can be shown. Throws ReplyLeakError.
 */
export function replyText(
  markdown: string,
  read: readonly ChatMessage[],
  instructions: Instructions,
): { readonly text: string; readonly removedLinks: number } {
  if (repeatsInstructions(markdown, instructions)) throw new ReplyLeakError("instructions");
  if (holdsCredential(markdown)) throw new ReplyLeakError("credential");
  const shown = toWhatsAppMarkup(markdown.replace(FENCE_MARK, ""));
  const { text, removed } = withReadLinks(
    shown,
    read.flatMap((message) => (isFromElsewhere(message) ? [message.text] : [])),
  );
  return { text, removedLinks: removed };
}

/** Not what the model wrote itself in this turn beside its calls: its own words would vouch for it. */
function isFromElsewhere(message: ChatMessage): boolean {
  return message.role !== "assistant" || message.calls === undefined;
}
