/*
 * Every insert takes what the test cares about and makes up the rest. A parent that is not named is made too;
 * of one that is, the organization (and so on upwards) is looked up.
 */

import { randomInt, randomUUID } from "node:crypto";
import { type Database, find, insert, unique, uniqueNumber } from "./insert_row.ts";
import type {
  AuditLogRow,
  BlockedSenderRow,
  ChatbotRow,
  ContactRow,
  DocumentChunkRow,
  EmbeddingUsageLogRow,
  ErasureRow,
  KnowledgeSourceRow,
  MessageMediaRow,
  MessageRow,
  OrganizationRow,
  SystemAlertRow,
  ToolExecutionRow,
  TurnRow,
  UnusedFileRow,
  UsageLogRow,
  UsageSummaryRow,
  UserRow,
  WebhookEventRow,
} from "./rows.ts";

export async function insertOrganization(
  db: Database,
  overrides: Partial<OrganizationRow> = {},
): Promise<OrganizationRow> {
  const slug = `shop-${unique()}`;
  return insert(db, "organizations", { name: "Aurora Bikes", slug, ...overrides });
}

export async function insertUser(db: Database, overrides: Partial<UserRow> = {}): Promise<UserRow> {
  return insert(db, "users", {
    organization_id: overrides.organization_id ?? (await insertOrganization(db)).id,
    email: `user-${unique()}@example.com`,
    name: "Ada",
    ...overrides,
  });
}

export async function insertChatbot(
  db: Database,
  overrides: Partial<ChatbotRow> = {},
): Promise<ChatbotRow> {
  return insert(db, "chatbots", {
    organization_id: overrides.organization_id ?? (await insertOrganization(db)).id,
    name: "Support",
    phone_number_id: `10${String(randomInt(10 ** 12)).padStart(13, "0")}`,
    display_phone_number: "+1 555 010 0000",
    system_prompt: "You answer the customers of a bicycle shop.",
    ...overrides,
  });
}

export async function insertContact(
  db: Database,
  overrides: Partial<ContactRow> = {},
): Promise<ContactRow> {
  const chatbot = await chatbotOf(db, overrides);
  const bsuid = `DE.${unique()}`;
  return insert(db, "contacts", {
    organization_id: chatbot.organization_id,
    chatbot_id: chatbot.id,
    bsuid,
    phone: `49151${String(uniqueNumber()).padStart(7, "0")}`,
    profile_name: "Grace",
    ...overrides,
  });
}

/** Everybody whose number begins with 500, unless an override says otherwise. */
export async function insertBlockedSender(
  db: Database,
  overrides: Partial<BlockedSenderRow> = {},
): Promise<BlockedSenderRow> {
  const chatbot = await chatbotOf(db, overrides);
  return insert(db, "blocked_senders", {
    organization_id: chatbot.organization_id,
    chatbot_id: chatbot.id,
    phone: overrides.bsuid ? null : "500",
    is_prefix: !overrides.bsuid && !overrides.phone,
    ...overrides,
  });
}

/** Generating, with a lease of two minutes; `completed` and `failed` are finished now. */
export async function insertTurn(db: Database, overrides: Partial<TurnRow> = {}): Promise<TurnRow> {
  const contact = await contactOf(db, overrides);
  const isFinished = overrides.status === "completed" || overrides.status === "failed";
  return insert(db, "turns", {
    organization_id: contact.organization_id,
    chatbot_id: contact.chatbot_id,
    contact_id: contact.id,
    lease_expires_at: new Date(Date.now() + 120_000),
    ...(overrides.status === "replying" ? { reply: "We open at nine.", reply_kind: "answer" } : {}),
    ...(isFinished ? { finished_at: new Date() } : {}),
    ...overrides,
  });
}

/** Said by the contact; `author: "chatbot"` makes it an accepted reply. */
export async function insertMessage(
  db: Database,
  overrides: Partial<MessageRow> = {},
): Promise<MessageRow> {
  const contact = await contactOf(db, overrides);
  const author = overrides.author ?? "contact";
  return insert(db, "messages", {
    organization_id: contact.organization_id,
    chatbot_id: contact.chatbot_id,
    contact_id: contact.id,
    author,
    body: author === "contact" ? "When do you open?" : "We open at nine.",
    wamid: `wamid.${unique()}`,
    ...(author === "contact" ? {} : { delivery_status: "accepted" }),
    ...(author === "chatbot" ? { part: 0 } : {}),
    ...overrides,
  });
}

/** The file of a message, which no job has stored yet. */
export async function insertMessageMedia(
  db: Database,
  overrides: Partial<MessageMediaRow> & Pick<MessageMediaRow, "message_id">,
): Promise<MessageMediaRow> {
  const [message] = await db.query<MessageRow>("select * from messages where id = $1", [
    overrides.message_id,
  ]);
  return insert(db, "message_media", {
    organization_id: message?.organization_id,
    chatbot_id: message?.chatbot_id,
    whatsapp_media_id: unique(),
    ...overrides,
  });
}

/** A text message that waits, from `sender_bsuid` and `sender_phone`. */
export async function insertWebhookEvent(
  db: Database,
  overrides: Partial<WebhookEventRow> = {},
): Promise<WebhookEventRow> {
  const chatbot = await chatbotOf(db, overrides);
  const wamid = `wamid.${unique()}`;
  return insert(db, "webhook_events", {
    organization_id: chatbot.organization_id,
    chatbot_id: chatbot.id,
    phone_number_id: chatbot.phone_number_id,
    kind: "message",
    external_id: wamid,
    sender_bsuid: "DE.1234567890",
    sender_phone: "4915112345678",
    sent_at: new Date(),
    payload: {
      message: {
        id: wamid,
        from: "4915112345678",
        timestamp: String(Math.floor(Date.now() / 1000)),
        type: "text",
        text: { body: "When do you open?" },
      },
      profile_name: "Grace",
    },
    ...overrides,
  });
}

/** A text that is ready to be searched, in version 1. */
export async function insertKnowledgeSource(
  db: Database,
  overrides: Partial<KnowledgeSourceRow> = {},
): Promise<KnowledgeSourceRow> {
  const chatbot = await chatbotOf(db, overrides);
  return insert(db, "knowledge_sources", {
    organization_id: chatbot.organization_id,
    chatbot_id: chatbot.id,
    source_type: "text",
    name: "Opening hours",
    content_hash: unique(),
    status: "ready",
    progress: 100,
    live_version: 1,
    ...overrides,
  });
}

export async function insertUnusedFile(
  db: Database,
  row: Pick<UnusedFileRow, "organization_id"> & Partial<UnusedFileRow>,
): Promise<UnusedFileRow> {
  return insert(db, "unused_files", { s3_key: `knowledge/${unique()}`, ...row });
}

export async function insertDocumentChunk(
  db: Database,
  overrides: Partial<DocumentChunkRow> = {},
): Promise<DocumentChunkRow> {
  const source = await sourceOf(db, overrides);
  const content = overrides.content ?? "We open at nine.";
  return insert(db, "document_chunks", {
    organization_id: source.organization_id,
    chatbot_id: source.chatbot_id,
    knowledge_source_id: source.id,
    version: 1,
    chunk_no: 0,
    content,
    start_offset: 0,
    end_offset: content.length,
    embedding: embeddingOf(1),
    text_search_language: "english",
    ...overrides,
  });
}

/** An embedding with these first coordinates, in pgvector's text form. */
export function embeddingOf(...coordinates: number[]): string {
  return `[${Array.from({ length: 1536 }, (_, at) => coordinates[at] ?? 0).join(",")}]`;
}

export async function insertToolExecution(
  db: Database,
  overrides: Partial<ToolExecutionRow> = {},
): Promise<ToolExecutionRow> {
  const turn = await turnOf(db, overrides);
  return insert(db, "tool_executions", {
    organization_id: turn.organization_id,
    chatbot_id: turn.chatbot_id,
    turn_id: turn.id,
    call_no: 0,
    tool_name: "search_knowledge_base",
    status: "ok",
    duration_ms: 12,
    ...overrides,
  });
}

export async function insertUsageLog(
  db: Database,
  overrides: Partial<UsageLogRow> = {},
): Promise<UsageLogRow> {
  const turn = await turnOf(db, overrides);
  return insert(db, "usage_logs", {
    organization_id: turn.organization_id,
    chatbot_id: turn.chatbot_id,
    contact_id: turn.contact_id,
    turn_id: turn.id,
    model: "gpt-6-luna",
    ...overrides,
  });
}

export async function insertUsageSummary(
  db: Database,
  overrides: Partial<UsageSummaryRow> = {},
): Promise<UsageSummaryRow> {
  return insert(db, "usage_summary", {
    organization_id: overrides.organization_id ?? (await insertOrganization(db)).id,
    period_start: "2026-11-01",
    ...overrides,
  });
}

export async function insertEmbeddingUsageLog(
  db: Database,
  overrides: Partial<EmbeddingUsageLogRow> = {},
): Promise<EmbeddingUsageLogRow> {
  const source = overrides.knowledge_source_id
    ? await find<KnowledgeSourceRow>(db, "knowledge_sources", overrides.knowledge_source_id)
    : await insertKnowledgeSource(db);
  return insert(db, "embedding_usage_logs", {
    organization_id: source.organization_id,
    chatbot_id: source.chatbot_id,
    knowledge_source_id: source.id,
    model: "text-embedding-3-small",
    texts: 1,
    tokens: 100,
    ...overrides,
  });
}

/** Of the whole installation, unless `organization_id` says otherwise. */
export async function insertSystemAlert(
  db: Database,
  overrides: Partial<SystemAlertRow> = {},
): Promise<SystemAlertRow> {
  return insert(db, "system_alerts", {
    severity: "error",
    kind: "step_failed",
    alert_key: unique(),
    summary: "send_reply failed",
    ...overrides,
  });
}

export async function insertAuditLog(
  db: Database,
  overrides: Partial<AuditLogRow> = {},
): Promise<AuditLogRow> {
  return insert(db, "audit_log", {
    action: "take_over_conversation",
    subject_table: "contacts",
    subject_id: randomUUID(),
    ...overrides,
  });
}

/** Of a contact whose row is gone. */
export async function insertErasure(
  db: Database,
  overrides: Partial<ErasureRow> & Pick<ErasureRow, "organization_id">,
): Promise<ErasureRow> {
  return insert(db, "erasures", { contact_id: randomUUID(), ...overrides });
}

export async function chatbotOf(
  db: Database,
  row: { chatbot_id?: string | null; organization_id?: string | null },
) {
  const { chatbot_id, organization_id } = row;
  if (chatbot_id) return find<ChatbotRow>(db, "chatbots", chatbot_id);
  return insertChatbot(db, organization_id ? { organization_id } : {});
}

export async function contactOf(db: Database, row: { contact_id?: string; chatbot_id?: string }) {
  if (row.contact_id) return find<ContactRow>(db, "contacts", row.contact_id);
  return insertContact(db, row.chatbot_id ? { chatbot_id: row.chatbot_id } : {});
}

async function turnOf(db: Database, row: { turn_id?: string; chatbot_id?: string }) {
  if (row.turn_id) return find<TurnRow>(db, "turns", row.turn_id);
  return insertTurn(db, row.chatbot_id ? { chatbot_id: row.chatbot_id } : {});
}

async function sourceOf(db: Database, row: Partial<DocumentChunkRow>) {
  const { knowledge_source_id: id, chatbot_id } = row;
  if (id) return find<KnowledgeSourceRow>(db, "knowledge_sources", id);
  return insertKnowledgeSource(db, chatbot_id ? { chatbot_id } : {});
}
