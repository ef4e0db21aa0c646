import type { Response } from "express";
import { contactKey } from "./selection.ts";
import type { Conversation } from "./types.ts";

/** The open pages, each with the conversation that it shows, reached by server-sent events. */
export class EventStreams {
  #open = new Map<Response, Conversation>();

  add(res: Response, conversation: Conversation): void {
    res.set({ "content-type": "text/event-stream", "cache-control": "no-store" });
    res.flushHeaders();
    this.#open.set(res, conversation);
    res.on("close", () => this.#open.delete(res));
  }

  /** Sends an event to the pages that show this. */
  send(shows: (conversation: Conversation) => boolean, event: string, data: unknown): void {
    for (const [res, conversation] of this.#open) {
      if (shows(conversation)) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }
}

export function isConversation(phoneNumberId: string, userId: string) {
  return ({ chatbot, contact }: Conversation) =>
    chatbot.phoneNumberId === phoneNumberId && contactKey(contact) === userId;
}
