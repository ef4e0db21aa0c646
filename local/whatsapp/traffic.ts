import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { contactFrom } from "./contacts.ts";
import type { Conversations } from "./conversations.ts";
import type {
  ContactInput,
  Message,
  MessageStatus,
  PhoneNumber,
  StatusChange,
  Typing,
} from "./types.ts";
import {
  contactMessageValue,
  type MessageContent,
  statusValue,
  webhookBody,
} from "./webhook_bodies.ts";
import type { WebhookDelivery, WebhookSender } from "./webhook_sender.ts";

export interface StatusStep {
  status: Extract<MessageStatus, "sent" | "delivered" | "read">;
  /** After the step before. */
  afterMs: number;
}

export const DEFAULT_STATUS_STEPS: readonly StatusStep[] = [
  { status: "sent", afterMs: 50 },
  { status: "delivered", afterMs: 150 },
  { status: "read", afterMs: 400 },
];

export interface SentByContact {
  wamid: string;
  /** Settles when the ingress answered 200, or when the retries are used up. */
  delivery: Promise<WebhookDelivery>;
}

export interface WrittenByContact {
  wamid: string;
  /** The body of the POST that tells of it. */
  webhook: object;
}

type Listeners = {
  message: Set<(message: Message) => void>;
  status: Set<(message: Message) => void>;
  typing: Set<(typing: Typing) => void>;
};

export interface TrafficOptions {
  conversations: Conversations;
  webhooks: WebhookSender;
  phoneNumber: (phoneNumberId: string) => PhoneNumber;
  statusSteps: readonly StatusStep[];
  now: () => number;
}

/** What moves between contacts and businesses: stores it, tells the listeners, posts the webhooks. */
export class Traffic {
  readonly listeners: Listeners = { message: new Set(), status: new Set(), typing: new Set() };
  #options: TrafficOptions;
  #stopped = new AbortController();

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  fromContact(
    phoneNumberId: string,
    input: ContactInput,
    content: MessageContent,
    text: string,
  ): SentByContact {
    const number = this.#options.phoneNumber(phoneNumberId);
    const message: Message = {
      direction: "from_contact",
      wamid: newWamid(),
      phoneNumberId,
      contact: contactFrom(input),
      type: content.type,
      text,
      status: "sent",
      at: this.#options.now(),
    };
    this.#add(message);
    const delivery = this.#options.webhooks
      .deliver(webhookBody(number, contactMessageValue(message, content)))
      .then((result) => {
        if (result.delivered) this.advance({ wamid: message.wamid, status: "delivered" });
        return result;
      });
    return { wamid: message.wamid, delivery };
  }

  /**
   * A message whose webhook the caller delivers, as late, as often and beside as many others as it likes.
   * @param at - when it was written, in unix milliseconds; webhooks tell whole seconds
   */
  written(phoneNumberId: string, input: ContactInput, text: string, at: number): WrittenByContact {
    const message: Message = {
      direction: "from_contact",
      wamid: newWamid(),
      phoneNumberId,
      contact: contactFrom(input),
      type: "text",
      text,
      status: "sent",
      at,
    };
    this.#add(message);
    const value = contactMessageValue(message, { type: "text", text: { body: text } });
    const number = this.#options.phoneNumber(phoneNumberId);
    return { wamid: message.wamid, webhook: webhookBody(number, value) };
  }

  /** Takes over a message of the business and lets its statuses follow. */
  toContact(message: Omit<Message, "direction" | "wamid" | "status" | "at">): Message {
    const accepted: Message = {
      ...message,
      direction: "to_contact",
      wamid: newWamid(),
      status: "accepted",
      at: this.#options.now(),
    };
    this.#add(accepted);
    return accepted;
  }

  /** sent → delivered → read; a reaction is only ever sent [Meta: statuses]. */
  async deliver(message: Message): Promise<void> {
    const steps = this.#options.statusSteps;
    for (const step of message.type === "reaction" ? steps.slice(0, 1) : steps) {
      if (!(await this.#pause(step.afterMs))) return;
      await this.#report(message, { wamid: message.wamid, status: step.status });
    }
  }

  async fail(message: Message, errorCode: number, details: string): Promise<void> {
    if (!(await this.#pause(this.#options.statusSteps[0]?.afterMs ?? 0))) return;
    await this.#report(message, { wamid: message.wamid, status: "failed", errorCode }, details);
  }

  /** False when the message already was that far: statuses never go back. */
  advance(change: StatusChange): boolean {
    const message = this.#options.conversations.advance(change);
    if (message === undefined) return false;
    for (const listener of this.listeners.status) listener(message);
    return true;
  }

  typing(message: Message): void {
    // Meta: the indicator goes after 25 seconds, or when the answer comes.
    const until = this.#options.now() + 25_000;
    const { phoneNumberId, contact } = message;
    for (const listener of this.listeners.typing) listener({ phoneNumberId, contact, until });
  }

  stop(): void {
    this.#stopped.abort();
  }

  #add(message: Message): void {
    this.#options.conversations.add(message);
    for (const listener of this.listeners.message) listener(message);
  }

  async #report(message: Message, change: StatusChange, details?: string): Promise<void> {
    if (!this.advance(change)) return;
    const value = statusValue(message, change, this.#options.now(), details);
    const number = this.#options.phoneNumber(message.phoneNumberId);
    await this.#options.webhooks.deliver(webhookBody(number, value));
  }

  /** False when the stand-in was stopped meanwhile. */
  async #pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.#stopped;
    return sleep(milliseconds, true, { signal }).catch(() => false);
  }
}

function newWamid(): string {
  return `wamid.${randomBytes(24).toString("base64")}`;
}
