import type { ContextPayload } from "../../../f/chat/context.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertMessage } from "../../helpers/records.ts";
import { type Conversation, openConversation } from "./conversation.ts";
import type { Step, TakeoverModel } from "./takeover_model.ts";

const NOTICE = "A colleague takes over.";

/** The steps of takeover_model.ts, taken by the platform's own code on a database. */
export class TakeoverSteps {
  readonly #conversation: Conversation;
  readonly #events: number[] = [];
  #context: ContextPayload | undefined;
  #sending: { accept(): void; sent: Promise<unknown> } | undefined;
  /** in seconds; said later is later, however fast a test runs */
  #clock = Date.now() + 3_600_000;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  async take(step: Step): Promise<void> {
    await this.#transactions[step]();
  }

  async seen(): Promise<ReturnType<TakeoverModel["seen"]>> {
    const { shop } = this.#conversation;
    const contact = await this.#conversation.contact();
    const bots = await this.#conversation.messages("chatbot");
    const notices = bots.filter(({ turn_id }) => turn_id === null).length;
    return {
      mode: contact.conversation_mode,
      unread: contact.unread_count,
      events: await this.#statuses("webhook_events", "kind = 'message'", "id"),
      turns: await this.#statuses("turns", "true", "created_at"),
      notices,
      words: (await this.#conversation.messages("user")).length,
      repliesBegun: shop.whatsApp.sent.length - notices,
    };
  }

  /** Lets no send hang when a test ends. */
  async end(): Promise<void> {
    this.#sending?.accept();
    await this.#sending?.sent;
  }

  #transactions: Record<Step, () => Promise<unknown>> = {
    "contact writes": async () => {
      const sent_at = new Date(this.#tick());
      this.#events.push(await this.#conversation.shop.contactWrites("Hello?", { sent_at }));
    },
    "flow claims": async () => {
      const { shop } = this.#conversation;
      for (const event of this.#events) {
        if ((await shop.eventStatus(event)) !== "received") continue;
        const context = await shop.load(event);
        if (context.outcome === "reply") this.#context = context;
        return;
      }
    },
    "flow generates": () => this.#conversation.shop.generate(this.#claimed()),
    "flow begins to send": () => this.#beginToSend(),
    "WhatsApp accepts": async () => {
      await this.end();
      this.#sending = undefined;
    },
    "flow finishes": () => this.#conversation.shop.finish(this.#claimed()),
    "person takes over": () => this.#conversation.takeOver(),
    "person writes": () =>
      this.#conversation.personWrites("Let me see.", { sent_at: this.#tick() / 1_000 }),
    "person gives back": () => this.#conversation.giveBack(),
  };

  /** Until WhatsApp is called, which answers in a later step, or the reply is withheld. */
  async #beginToSend(): Promise<void> {
    const { shop } = this.#conversation;
    let accept = (): void => undefined;
    const accepted = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const called = new Promise<"called">((resolve) => {
      shop.whatsApp.onSend = async ({ body }) => {
        if (body === NOTICE) return;
        resolve("called");
        await accepted;
      };
    });
    const sent = shop.send(this.#claimed());
    const first = await Promise.race([called, sent]);
    if (first === "called") this.#sending = { accept, sent };
  }

  #claimed(): ContextPayload {
    if (!this.#context) throw new Error("no flow has claimed a turn");
    return this.#context;
  }

  #tick(): number {
    this.#clock = (Math.floor(this.#clock / 1_000) + 1) * 1_000;
    return this.#clock;
  }

  async #statuses<Status>(table: string, which: string, order: string): Promise<Status[]> {
    const { db, chatbot } = this.#conversation.shop;
    const rows = await db.query<{ status: Status }>(
      `select status from ${table} where chatbot_id = $1 and ${which} order by ${order}`,
      [chatbot.id],
    );
    return rows.map(({ status }) => status);
  }
}

export async function openTakeoverSteps(db: TestDatabase): Promise<TakeoverSteps> {
  const conversation = await openConversation(db, { handover_message: NOTICE });
  // nothing is sent to somebody who did not write within 24 hours
  await insertMessage(db, { contact_id: conversation.contactId, sent_at: new Date() });
  return new TakeoverSteps(conversation);
}
