import type { Request } from "express";
import { contactFrom } from "../whatsapp/contacts.ts";
import type { ContactInput } from "../whatsapp/types.ts";
import type { Conversation, PhoneChatbot } from "./types.ts";

/** Which contact and which chatbot a request is about, out of those that the page offers. */
export type Select = (req: Request) => Conversation;

export class NothingToSelect extends Error {
  override readonly name = "NothingToSelect";
  constructor() {
    super("The phone page needs at least one chatbot and one contact.");
  }
}

/** Reads `?number=…&contact=…`; what is missing or unknown falls back to the first one. */
export function makeSelect(
  chatbots: readonly PhoneChatbot[],
  contacts: readonly ContactInput[],
): Select {
  return (req) => {
    const chatbot =
      chatbots.find((known) => known.phoneNumberId === req.query.number) ?? chatbots[0];
    const contact =
      contacts.find((known) => contactKey(known) === req.query.contact) ?? contacts[0];
    if (chatbot === undefined || contact === undefined) throw new NothingToSelect();
    return { chatbot, contact };
  };
}

/** The query that selects a conversation. */
export function addressOf({ chatbot, contact }: Conversation): string {
  return String(
    new URLSearchParams({ number: chatbot.phoneNumberId, contact: contactKey(contact) }),
  );
}

export function contactKey(contact: ContactInput): string {
  return contactFrom(contact).userId;
}

export function nameOf(contact: ContactInput): string {
  return contactFrom(contact).name;
}
