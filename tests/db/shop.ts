import type { TestDatabase } from "../helpers/database.ts";
import {
  insertChatbotIntegration,
  insertIntegrationSession,
  insertIntegrationTools,
  insertOrgIntegration,
  insertToolDefinition,
} from "../helpers/integration_records.ts";
import {
  insertAuditLog,
  insertBlockedSender,
  insertChatbot,
  insertContact,
  insertDocumentChunk,
  insertEmbeddingUsageLog,
  insertErasure,
  insertKnowledgeSource,
  insertMessage,
  insertMessageMedia,
  insertOrganization,
  insertSystemAlert,
  insertToolExecution,
  insertTurn,
  insertUnusedFile,
  insertUsageLog,
  insertUsageSummary,
  insertUser,
  insertWebhookEvent,
} from "../helpers/records.ts";

export type Shop = Awaited<ReturnType<typeof insertShop>>;

/** An organization with one row in every table of a tenant. */
export async function insertShop(db: TestDatabase) {
  const organization = await insertOrganization(db);
  const organization_id = organization.id;
  await insertUser(db, { organization_id });
  const chatbot = await insertChatbot(db, { organization_id });
  const integration = await insertOrgIntegration(db, { organization_id });
  await insertChatbotIntegration(db, { chatbot_id: chatbot.id, integration_id: integration.id });
  const contact = await insertContact(db, { chatbot_id: chatbot.id });
  await insertIntegrationTools(db, { integration_id: integration.id });
  await insertIntegrationSession(db, { integration_id: integration.id, contact_id: contact.id });
  await insertBlockedSender(db, { chatbot_id: chatbot.id });
  const turn = await insertTurn(db, { contact_id: contact.id });
  const message = await insertMessage(db, { contact_id: contact.id, turn_id: turn.id });
  await insertMessageMedia(db, { message_id: message.id });
  await insertWebhookEvent(db, { chatbot_id: chatbot.id, turn_id: turn.id });
  const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id });
  // one word, and so one row of chunk_lexemes
  await insertDocumentChunk(db, { knowledge_source_id: source.id, content: "Welcome." });
  await insertEmbeddingUsageLog(db, { knowledge_source_id: source.id });
  await insertUnusedFile(db, { organization_id });
  await insertToolDefinition(db, { organization_id, integration_id: integration.id });
  await insertToolExecution(db, { turn_id: turn.id, integration_id: integration.id });
  await insertUsageLog(db, { turn_id: turn.id });
  await insertUsageSummary(db, { organization_id });
  await insertAuditLog(db, { organization_id });
  await insertErasure(db, { organization_id });
  await insertSystemAlert(db, { organization_id, turn_id: turn.id });
  return { organization, chatbot, integration, contact, turn, source };
}
