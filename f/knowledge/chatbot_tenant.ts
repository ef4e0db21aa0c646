import type { Database } from "../platform/postgres.ts";
import { findOrganization } from "../platform/tenant_of_row.ts";
import { ChatbotNotFoundError } from "./document_errors.ts";

/** Whose chatbot it is. Throws ChatbotNotFoundError. */
export async function organizationOfChatbot(
  database: Database,
  chatbotId: string,
): Promise<string> {
  const organization = await findOrganization(database, { table: "chatbots", id: chatbotId });
  if (organization === null) throw new ChatbotNotFoundError(chatbotId);
  return organization;
}
