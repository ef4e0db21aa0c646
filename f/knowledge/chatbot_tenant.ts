import { type Database, one } from "../platform/postgres.ts";
import { ChatbotNotFoundError } from "./document_errors.ts";

/** Whose chatbot it is. Throws ChatbotNotFoundError. */
export async function organizationOfChatbot(
  database: Database,
  chatbotId: string,
): Promise<string> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select chatbot_organization($1) as organization",
    [chatbotId],
  );
  if (organization === null) throw new ChatbotNotFoundError(chatbotId);
  return organization;
}
