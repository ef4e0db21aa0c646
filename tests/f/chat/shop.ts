import { randomUUID } from "node:crypto";
import type { ContextPayload, LoadedContext } from "../../../f/chat/context.ts";
import { finishTurn } from "../../../f/chat/finish_turn.ts";
import { generateReply, type ReplyMakers } from "../../../f/chat/generate_reply.ts";
import { type LoadClients, loadContext } from "../../../f/chat/load_context.ts";
import { logUsage } from "../../../f/chat/log_usage.ts";
import { saveHistory } from "../../../f/chat/save_history.ts";
import { sendReply } from "../../../f/chat/send_reply.ts";
import type { ChatModel, ModelAnswer, ModelRequest } from "../../../f/platform/models.ts";
import { type Database, withDb } from "../../../f/platform/postgres.ts";
import type { OutgoingTemplate, OutgoingText, WhatsApp } from "../../../f/platform/whatsapp.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertChatbot, insertOrganization, insertWebhookEvent } from "../../helpers/records.ts";
import type { ChatbotRow, OrganizationRow, TurnRow, WebhookEventRow } from "../../helpers/rows.ts";

/** A WhatsApp that keeps what it was given. `sendText` may be replaced to go wrong. */
export class RecordingWhatsApp implements WhatsApp {
  readonly sent: OutgoingText[] = [];
  readonly typing: string[] = [];
  onSend: (message: OutgoingText) => Promise<void> = async () => undefined;
  onTyping: () => Promise<void> = async () => undefined;

  async sendText(message: OutgoingText): Promise<{ wamid: string }> {
    this.sent.push(message);
    await this.onSend(message);
    return { wamid: `wamid.out.${randomUUID()}` };
  }

  async sendTemplate(message: OutgoingTemplate): Promise<{ wamid: string }> {
    return this.sendText(message);
  }

  async showTyping(wamid: string): Promise<void> {
    this.typing.push(wamid);
    await this.onTyping();
  }
}

/** A model that says the same thing each time, and counts how often it was asked. */
export class SteadyModel implements ChatModel {
  readonly id = "gpt-6-luna";
  calls = 0;
  onAnswer: () => Promise<void> = async () => undefined;
  answers: ModelAnswer[] = [];
  readonly requests: ModelRequest[] = [];

  async answer(request: ModelRequest): Promise<ModelAnswer> {
    this.calls += 1;
    this.requests.push(request);
    await this.onAnswer();
    const usage = { inputTokens: 100, cachedInputTokens: 40, outputTokens: 20 };
    const steady = { model: this.id, kind: "text", text: "We open at **nine**.", usage } as const;
    return this.answers.shift() ?? steady;
  }
}

/** One chatbot with its database, and the steps of the flow with stand-ins for what is outside. */
export class Shop {
  readonly whatsApp = new RecordingWhatsApp();
  readonly model = new SteadyModel();
  readonly startedFlows: number[] = [];
  readonly storing: number[] = [];
  onStoring: () => Promise<void> = async () => undefined;
  readonly slackTexts: string[] = [];
  readonly db: TestDatabase;
  readonly organization: OrganizationRow;
  readonly chatbot: ChatbotRow;

  constructor(db: TestDatabase, organization: OrganizationRow, chatbot: ChatbotRow) {
    this.db = db;
    this.organization = organization;
    this.chatbot = chatbot;
  }

  startFlow = async (_path: string, args: { webhook_event_id: number }): Promise<string> => {
    this.startedFlows.push(args.webhook_event_id);
    return randomUUID();
  };

  makers: ReplyMakers = {
    modelFor: async () => this.model,
    toolsFor: async () => [],
    openSlack: async () => async (text) => void this.slackTexts.push(text),
  };

  readonly loadClients: LoadClients = {
    whatsAppFor: () => this.whatsApp,
    startStoring: async (mediaId: number) => {
      this.storing.push(mediaId);
      await this.onStoring();
      return randomUUID();
    },
    openSlack: async () => async (text) => void this.slackTexts.push(text),
  };

  /** What the ingress would have written for a message of the contact. */
  async contactWrites(body: string, event: Partial<WebhookEventRow> = {}): Promise<number> {
    const wamid = `wamid.in.${randomUUID()}`;
    const message = { id: wamid, type: "text", text: { body } };
    const row = await insertWebhookEvent(this.db, {
      chatbot_id: this.chatbot.id,
      external_id: wamid,
      payload: { message, profile_name: "Grace" },
      ...event,
    });
    return row.id;
  }

  /** With the login that steps have. */
  as<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    return withDb(this.db.resource("chatbot_app"), work);
  }

  load(webhookEventId: number, flowJobId: string = randomUUID()): Promise<LoadedContext> {
    return this.as((database) =>
      loadContext(database, this.loadClients, { webhookEventId, flowJobId }),
    );
  }

  /** For an event that is expected to open a turn. */
  async claim(webhookEventId: number, flowJobId?: string): Promise<ContextPayload> {
    const context = await this.load(webhookEventId, flowJobId);
    if (context.outcome !== "reply") {
      throw new Error(`load_context answered ${context.outcome}: ${context.reason}`);
    }
    return context;
  }

  generate(context: ContextPayload) {
    return this.as((database) => generateReply(database, this.makers, context));
  }

  send({ turn_id, fence }: ContextPayload) {
    return this.as((database) => sendReply(database, () => this.whatsApp, turn_id, fence));
  }

  save({ turn_id, fence }: ContextPayload) {
    return this.as((database) => saveHistory(database, turn_id, fence));
  }

  log({ turn_id, fence }: ContextPayload) {
    return this.as((database) => logUsage(database, turn_id, fence));
  }

  finish({ turn_id, fence }: ContextPayload) {
    return this.as((database) => finishTurn(database, this.startFlow, turn_id, fence));
  }

  /** The whole flow for one event. */
  async answer(webhookEventId: number): Promise<ContextPayload> {
    const context = await this.claim(webhookEventId);
    await this.generate(context);
    await this.send(context);
    await this.save(context);
    await this.log(context);
    await this.finish(context);
    return context;
  }

  /** As if the flow run that owns the turn had died long ago. */
  async abandon({ turn_id }: ContextPayload): Promise<void> {
    await this.db.query(
      "update turns set lease_expires_at = now() - interval '1 s' where id = $1",
      [turn_id],
    );
  }

  async turn({ turn_id }: ContextPayload): Promise<TurnRow> {
    const [turn] = await this.db.query<TurnRow>("select * from turns where id = $1", [turn_id]);
    if (!turn) throw new Error(`there is no turn ${turn_id}`);
    return turn;
  }

  async eventStatus(webhookEventId: number): Promise<string | undefined> {
    const [event] = await this.db.query<{ status: string }>(
      "select status from webhook_events where id = $1",
      [webhookEventId],
    );
    return event?.status;
  }

  async setContact(column: "conversation_mode" | "is_blocked", value: string | boolean) {
    await this.db.query(`update contacts set ${column} = $2 where chatbot_id = $1`, [
      this.chatbot.id,
      value,
    ]);
  }

  /** The bodies of what was sent to the contact, in order. */
  sentTexts(): string[] {
    return this.whatsApp.sent.map(({ body }) => body);
  }
}

/** A new organization with one chatbot, in a database that may hold others. */
export async function openShop(
  db: TestDatabase,
  settings: { organization?: Partial<OrganizationRow>; chatbot?: Partial<ChatbotRow> } = {},
): Promise<Shop> {
  const organization = await insertOrganization(db, settings.organization);
  const chatbot = await insertChatbot(db, {
    organization_id: organization.id,
    ...settings.chatbot,
  });
  return new Shop(db, organization, chatbot);
}

export { createTestDatabase };
