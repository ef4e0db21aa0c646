import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
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

/**
 * After how many milliseconds each delivery of a status webhook is posted: one number a delivery. What is posted
 * after pauses may overtake what comes before it, as Meta allows itself.
 */
export type StatusDeliveries = (change: StatusChange) => readonly number[];

export interface TrafficOptions {
  conversations: Conversations;
  webhooks: WebhookSender;
  phoneNumber: (phoneNumberId: string) => PhoneNumber;
  statusSteps: readonly StatusStep[];
  /** Once, at once and in order when there is none. */
  statusDeliveries?: StatusDeliveries | undefined;
  now: () => number;
}

/** What moves between contacts and businesses: stores it, tells the listeners, posts the webhooks. */
export class Traffic {
  readonly listeners: Listeners = { message: new Set(), status: new Set(), typing: new Set() };
  #options: TrafficOptions;
  #stopped = new AbortController();
  #reporting = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    // every status that waits for its time listens
    setMaxListeners(0, this.#stopped.signal);
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
  deliver(message: Message): Promise<void> {
    return this.#counted(async () => {
      const steps = this.#options.statusSteps;
      for (const step of message.type === "reaction" ? steps.slice(0, 1) : steps) {
        if (!(await this.#pause(step.afterMs))) return;
        await this.#report(message, { wamid: message.wamid, status: step.status });
      }
    });
  }

  fail(message: Message, errorCode: number, details: string): Promise<void> {
    return this.#counted(async () => {
      if (!(await this.#pause(this.#options.statusSteps[0]?.afterMs ?? 0))) return;
      await this.#report(message, { wamid: message.wamid, status: "failed", errorCode }, details);
    });
  }

  /** Whether a status webhook is still to come. */
  get isReporting(): boolean {
    return this.#reporting > 0;
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
    const webhook = webhookBody(number, value);
    const deliveries = this.#options.statusDeliveries?.(change);
    if (deliveries === undefined) {
      await this.#options.webhooks.deliver(webhook);
      return;
    }
    for (const afterMs of deliveries) {
      void this.#counted(async () => {
        if (await this.#pause(afterMs)) await this.#options.webhooks.deliver(webhook);
      });
    }
  }

  async #counted(report: () => Promise<void>): Promise<void> {
    this.#reporting += 1;
    try {
      await report();
    } finally {
      this.#reporting -= 1;
    }
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
