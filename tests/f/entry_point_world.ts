import { randomUUID } from "node:crypto";
import type { ContextPayload } from "../../f/chat/context.ts";
import type { ChatModel } from "../../f/platform/models.ts";
import type { TestDatabase } from "../helpers/database.ts";
import { insertOrgIntegration, insertToolDefinition } from "../helpers/integration_records.ts";
import {
  embeddingOf,
  insertContact,
  insertDocumentChunk,
  insertKnowledgeSource,
  insertMessage,
  insertMessageMedia,
  insertSystemAlert,
  insertUser,
} from "../helpers/records.ts";
import { openShop, SteadyModel } from "./chat/shop.ts";

/** An organization with something for each script to work on, in which every text holds `word`. */
export type World = Awaited<ReturnType<typeof makeWorld>>;

export async function makeWorld(db: TestDatabase, word: string) {
  const shop = await openShop(db, {
    organization: { name: word },
    // everything but the last messages has fallen out of the history, and is to be summarised
    chatbot: { system_prompt: `You are ${word}.`, history_messages: 0, keeps_media: true },
  });
  const outside: unknown[] = [shop.whatsApp.sent, shop.slackTexts];
  shop.makers = {
    ...shop.makers,
    modelFor: async () => listening(outside, word),
  };
  const chatbot_id = shop.chatbot.id;
  const organization_id = shop.organization.id;
  const asks = (phone: string) =>
    shop.contactWrites(`${word} asks`, { sender_phone: phone, sender_bsuid: null });
  const asking: ContextPayload = await shop.claim(await asks("4915100000001"));
  const answered: ContextPayload = await shop.claim(await asks("4915100000002"));
  await shop.generate(answered);
  for (let said = 0; said < 7; said++) {
    await insertMessage(db, { contact_id: answered.contact.id, body: `${word} ${said}` });
  }
  const failing: ContextPayload = await shop.claim(await asks("4915100000003"), FLOW_JOB);
  const manual = await insertContact(db, { chatbot_id, conversation_mode: "manual" });
  const idle = await insertContact(db, { chatbot_id, profile_name: word });
  const message = await insertMessage(db, { contact_id: idle.id, body: word });
  const media = await insertMessageMedia(db, { message_id: message.id });
  const integration = await insertOrgIntegration(db, { organization_id });
  await insertToolDefinition(db, { organization_id, integration_id: integration.id, ...CHANGED });
  const source = await insertKnowledgeSource(db, {
    chatbot_id,
    name: word,
    s3_key: `knowledge/${organization_id}/1`,
  });
  const embedding = embeddingOf(1);
  await insertDocumentChunk(db, { knowledge_source_id: source.id, content: word, embedding });
  const owner = await insertUser(db, { organization_id, name: word, role: "owner" });
  const [failed] = await db.query<{ id: number }>(
    "select id from webhook_events where turn_id = $1",
    [failing.turn_id],
  );
  const waitingEvent = await asks("4915100000004");
  const alert = await insertSystemAlert(db, { organization_id, summary: word });
  outside.length = 0;
  outside.push(shop.whatsApp.sent, shop.slackTexts);
  return {
    word,
    shop,
    outside,
    asking,
    answered,
    failedEvent: failed?.id ?? 0,
    waitingEvent,
    manual,
    idle,
    media,
    integration,
    source,
    owner,
    alert,
  };
}

/** What a fault of the flow names beside the event. */
export const FLOW_JOB = "01988888-0000-7000-8000-0000000000aa";

const CHANGED = { tool_name: "find_order", definition_hash: "new", approved_hash: "old" };

/** A model that answers with its organization's word and writes down what it was shown. */
export function listening(outside: unknown[], word: string): ChatModel {
  const model = new SteadyModel();
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
  return {
    id: model.id,
    answer: async ({ messages }) => {
      outside.push(messages);
      return { model: model.id, kind: "text", text: `${word} ${randomUUID()}`, usage };
    },
  };
}
