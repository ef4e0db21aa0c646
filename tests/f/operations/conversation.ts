import { randomUUID } from "node:crypto";
import { giveBackConversation } from "../../../f/operations/give_back_conversation.ts";
import { takeOverConversation } from "../../../f/operations/take_over_conversation.ts";
import { connectIngress, type RecordedEvent } from "../../db/webhook_recording.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertContact } from "../../helpers/records.ts";
import type { ChatbotRow, ContactRow, MessageRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";
import { OPERATOR } from "./operators.ts";

/** One contact's conversation, which a person may take over. */
export class Conversation {
  readonly shop: Shop;
  readonly contactId: string;

  constructor(shop: Shop, contactId: string) {
    this.shop = shop;
    this.contactId = contactId;
  }

  takeOver(userId: string | null = null) {
    return this.shop.as((database) =>
      takeOverConversation(database, async () => () => this.shop.whatsApp, this.contactId, {
        ...OPERATOR,
        userId,
      }),
    );
  }

  giveBack(userId: string | null = null) {
    return this.shop.as((database) =>
      giveBackConversation(database, this.shop.startFlow, this.contactId, { ...OPERATOR, userId }),
    );
  }

  /** In the WhatsApp Business app; what the ingress writes of it. */
  async personWrites(body: string, overrides: Partial<RecordedEvent> = {}): Promise<RecordedEvent> {
    const external_id = overrides.external_id ?? `wamid.echo.${randomUUID()}`;
    const echo: RecordedEvent = {
      kind: "echo",
      phone_number_id: this.shop.chatbot.phone_number_id,
      external_id,
      payload: { message: { id: external_id, type: "text", text: { body } } },
      sender_bsuid: CONTACT.bsuid,
      sender_phone: CONTACT.phone,
      // Meta counts whole seconds: this one has not begun when a test gives back and goes on
      sent_at: Math.ceil(Date.now() / 1_000),
      ...overrides,
    };
    await this.record(echo);
    return echo;
  }

  async record(...events: RecordedEvent[]) {
    const ingress = await connectIngress(this.shop.db);
    try {
      return await ingress.record(events);
    } finally {
      await ingress.close();
    }
  }

  async contact(): Promise<ContactRow> {
    const sql = "select * from contacts where id = $1";
    const [contact] = await this.shop.db.query<ContactRow>(sql, [this.contactId]);
    if (!contact) throw new Error(`there is no contact ${this.contactId}`);
    return contact;
  }

  messages(author: MessageRow["author"]): Promise<MessageRow[]> {
    return this.shop.db.query(
      "select * from messages where contact_id = $1 and author = $2 order by sent_at, id",
      [this.contactId, author],
    );
  }

  async said(): Promise<string[]> {
    const rows = await this.shop.db.query<MessageRow>(
      "select author, body from messages where contact_id = $1 order by sent_at, id",
      [this.contactId],
    );
    return rows.map(({ author, body }) => `${author}: ${body}`);
  }
}

/** Whom the shop's events come from. */
const CONTACT = { bsuid: "DE.1234567890", phone: "4915112345678" };

export async function openConversation(
  db: TestDatabase,
  chatbot: Partial<ChatbotRow> = {},
): Promise<Conversation> {
  const shop = await openShop(db, { chatbot });
  const { id } = await insertContact(db, { chatbot_id: shop.chatbot.id, ...CONTACT });
  return new Conversation(shop, id);
}
