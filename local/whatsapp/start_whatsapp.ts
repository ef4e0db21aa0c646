import express from "express";
import { listen } from "../listen.ts";
import { contactFrom, isContact } from "./contacts.ts";
import { Conversations } from "./conversations.ts";
import { type Fault, type FaultOrder, Faults } from "./faults.ts";
import { installBearer, installErrors, installVersion } from "./install_guards.ts";
import { installManagement } from "./install_management.ts";
import { installDownloads, installMedia } from "./install_media.ts";
import { installMessages } from "./install_messages.ts";
import { type ContactFile, Media } from "./media.ts";
import { type MetaApp, makeMetaApp } from "./meta_app.ts";
import { META_PAIR_RATE, PairRate, type PairRateOptions } from "./pair_rate.ts";
import {
  DEFAULT_STATUS_STEPS,
  type SentByContact,
  type StatusDeliveries,
  type StatusStep,
  Traffic,
  type WrittenByContact,
} from "./traffic.ts";
import type { Contact, ContactInput, Message, PhoneNumber, Typing } from "./types.ts";
import { type MessageContent, wireBytes } from "./webhook_bodies.ts";
import { type WebhookAnswer, WebhookSender } from "./webhook_sender.ts";

export interface WhatsAppOptions {
  /** 0 takes a free one. */
  port: number;
  appSecret: string;
  verifyToken: string;
  phoneNumbers: PhoneNumber[];
  /** Keeps the conversations between runs. */
  dataDir?: string;
  /** What follows an accepted message: sent after 50 ms, delivered after 150 more, read after 400. */
  statusSteps?: readonly StatusStep[];
  /** How late and how often each status webhook comes; once, at once and in order by default. */
  statusDeliveries?: StatusDeliveries;
  /** Pauses before a webhook that was not answered by 200 is sent again. */
  retryDelaysMs?: readonly number[];
  /** How much one person may get; Meta's numbers unless given. */
  pairRate?: PairRateOptions;
  /** How long a webhook waits for its answer. */
  timeoutMs?: number;
  /** Unix milliseconds; tests move it past the 24-hour window. */
  now?: () => number;
}

export interface ContactSends {
  phoneNumberId: string;
  contact: ContactInput;
  text: string;
  /** For what is not a text: Meta's content, e.g. an interactive button reply. */
  content?: MessageContent;
}

/** A listener that can be taken off again. */
type Subscribe<T> = (listener: (event: T) => void) => () => void;

export interface WhatsAppStandIn {
  /** The base of the Graph API: where production has https://graph.facebook.com. */
  url: string;
  app: MetaApp;
  /** Asks the URL for the challenge, as Meta does, and sends all webhooks there from now on. */
  setWebhookUrl(url: string): Promise<void>;
  registerPhoneNumber(number: PhoneNumber): void;
  contactSends(message: ContactSends): SentByContact;
  /** Shown with its caption, or its kind in brackets. */
  contactSendsFile(
    message: Omit<ContactSends, "text" | "content"> & { file: ContactFile },
  ): SentByContact & { mediaId: string };
  /** From now on no file is known any more, as 7 days later. */
  forgetFiles(): void;
  /** A text whose webhook is not sent: the caller delivers it with sendRawWebhook. `at`: unix milliseconds. */
  contactWrites(message: Omit<ContactSends, "content"> & { at: number }): WrittenByContact;
  /** One POST, not repeated. Strings and bytes go as they are, anything else as Meta writes JSON. */
  sendRawWebhook(body: unknown, options?: { signature?: string | null }): Promise<WebhookAnswer>;
  /** The next calls go wrong. */
  failNext(fault: Fault, order?: FaultOrder): void;
  /** Forgets the faults that were ordered and met no call. */
  failNoMore(): void;
  /** What the business sent to the contact (or to a phone number or user id), in order. */
  received(contact: ContactInput | string): Message[];
  /** Every message of a number, both ways, in order. */
  conversation(phoneNumberId: string, contact: ContactInput): Message[];
  /** A new message, in either direction. */
  onMessage: Subscribe<Message>;
  /** The message with its new status, in either direction. */
  onStatus: Subscribe<Message>;
  onTyping: Subscribe<Typing>;
  /** Whether a status webhook is still to come. */
  isReporting(): boolean;
  stop(): Promise<void>;
}

/** The WhatsApp Cloud API of one Meta app, as strict as Meta's, on 127.0.0.1. */
export async function startWhatsApp(options: WhatsAppOptions): Promise<WhatsAppStandIn> {
  const now = options.now ?? Date.now;
  const phoneNumbers = new Map(options.phoneNumbers.map((n) => [n.phoneNumberId, n]));
  const conversations = new Conversations(options.dataDir);
  const faults = new Faults();
  const media = new Media(now);
  const metaApp = makeMetaApp(options.phoneNumbers.map((number) => number.businessAccountId));
  const pairRate = new PairRate(options.pairRate ?? META_PAIR_RATE, now);
  const webhooks = new WebhookSender(options);
  const traffic = new Traffic({
    conversations,
    webhooks,
    phoneNumber: (id) => requireNumber(phoneNumbers, id),
    statusSteps: options.statusSteps ?? DEFAULT_STATUS_STEPS,
    statusDeliveries: options.statusDeliveries,
    now,
  });

  const app = express().disable("x-powered-by");
  installDownloads(app, { media, phoneNumbers, faults });
  installVersion(app);
  installManagement(app, { app: metaApp, appSecret: options.appSecret, phoneNumbers });
  installBearer(app, phoneNumbers);
  app.use(express.json({ limit: "1mb" }));
  installMessages(app, { conversations, traffic, faults, now, pairRate });
  installMedia(app, { media, phoneNumbers, faults });
  installErrors(app);
  const server = await listen(app, options.port);
  const messagesWith = (contact: ContactInput | string) =>
    conversations.all().filter((message) => isSame(message.contact, contact));

  return {
    url: server.url,
    app: metaApp,
    setWebhookUrl: async (url) => {
      await webhooks.setUrl(url);
      metaApp.callbackUrl = url;
    },
    registerPhoneNumber: (number) => void phoneNumbers.set(number.phoneNumberId, number),
    contactSends: ({ phoneNumberId, contact, text, content }) =>
      traffic.fromContact(
        phoneNumberId,
        contact,
        content ?? { type: "text", text: { body: text } },
        text,
      ),
    contactSendsFile: ({ phoneNumberId, contact, file }) => {
      const { id, content } = media.add(phoneNumberId, file);
      const text = file.caption ?? `[${file.kind}]`;
      return { mediaId: id, ...traffic.fromContact(phoneNumberId, contact, content, text) };
    },
    forgetFiles: () => media.forget(),
    contactWrites: ({ phoneNumberId, contact, text, at }) =>
      traffic.written(phoneNumberId, contact, text, at),
    sendRawWebhook: (body, raw) => webhooks.post(rawBytes(body), raw?.signature),
    failNoMore: () => faults.forget(),
    failNext: (fault, order) => faults.order(fault, order),
    received: (contact) => messagesWith(contact).filter((m) => m.direction === "to_contact"),
    conversation: (phoneNumberId, contact) =>
      messagesWith(contact).filter((m) => m.phoneNumberId === phoneNumberId),
    onMessage: subscribeTo(traffic.listeners.message),
    onStatus: subscribeTo(traffic.listeners.status),
    onTyping: subscribeTo(traffic.listeners.typing),
    isReporting: () => traffic.isReporting,
    stop: async () => {
      traffic.stop();
      webhooks.stop();
      await server.close();
    },
  };
}

function requireNumber(numbers: ReadonlyMap<string, PhoneNumber>, id: string): PhoneNumber {
  const number = numbers.get(id);
  if (number === undefined) throw new UnknownPhoneNumber(id);
  return number;
}

export class UnknownPhoneNumber extends Error {
  override readonly name = "UnknownPhoneNumber";
  constructor(phoneNumberId: string) {
    super(`The local WhatsApp has no phone number ${phoneNumberId}: register it first.`);
  }
}

function isSame(contact: Contact, wanted: ContactInput | string): boolean {
  return isContact(contact, typeof wanted === "string" ? wanted : contactFrom(wanted).userId);
}

function rawBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return typeof body === "string" ? Buffer.from(body) : wireBytes(body);
}

function subscribeTo<T>(listeners: Set<(event: T) => void>): Subscribe<T> {
  return (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
}
