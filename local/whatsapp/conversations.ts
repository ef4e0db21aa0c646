import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isContact } from "./contacts.ts";
import type { Contact, Message, MessageStatus, StatusChange } from "./types.ts";

type Entry = { message: Message } | { status: StatusChange };

const RANK: Record<MessageStatus, number> = {
  accepted: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  failed: 3,
};

/**
 * Every message of every number, with its newest status. With a folder, each change is also a line
 * of `conversations.jsonl` there, and the conversations are back after a restart.
 */
export class Conversations {
  #messages = new Map<string, Message>();
  #journal: string | undefined;

  constructor(dataDir?: string) {
    if (dataDir === undefined) return;
    mkdirSync(dataDir, { recursive: true });
    const journal = join(dataDir, "conversations.jsonl");
    const lines = existsSync(journal) ? readFileSync(journal, "utf8").split("\n") : [];
    for (const line of lines) if (line !== "") this.#apply(JSON.parse(line) as Entry);
    this.#journal = journal;
  }

  add(message: Message): void {
    this.#record({ message });
  }

  /** The message with its new status; undefined when it already was that far. */
  advance(change: StatusChange): Message | undefined {
    const message = this.#messages.get(change.wamid);
    if (message === undefined || RANK[change.status] <= RANK[message.status]) return undefined;
    this.#record({ status: change });
    return this.#messages.get(change.wamid);
  }

  get(wamid: string): Message | undefined {
    return this.#messages.get(wamid);
  }

  /** In the order in which they were sent. */
  all(): Message[] {
    return [...this.#messages.values()];
  }

  /** The person that a phone number or a user id means; the newest name wins. */
  contact(id: string): Contact | undefined {
    return this.all().findLast((message) => isContact(message.contact, id))?.contact;
  }

  /** When the contact last wrote to the number, in unix milliseconds. */
  lastFromContact(phoneNumberId: string, contact: Contact): number | undefined {
    return this.all().findLast(
      (message) =>
        message.direction === "from_contact" &&
        message.phoneNumberId === phoneNumberId &&
        message.contact.userId === contact.userId,
    )?.at;
  }

  #record(entry: Entry): void {
    this.#apply(entry);
    if (this.#journal !== undefined) appendFileSync(this.#journal, `${JSON.stringify(entry)}\n`);
  }

  #apply(entry: Entry): void {
    if ("message" in entry) {
      this.#messages.set(entry.message.wamid, entry.message);
      return;
    }
    const message = this.#messages.get(entry.status.wamid);
    if (message !== undefined) this.#messages.set(message.wamid, { ...message, ...entry.status });
  }
}
