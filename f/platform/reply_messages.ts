import { maybeOne, type Tenant } from "./postgres.ts";
import { splitForWhatsApp } from "./whatsapp_text.ts";

/**
 * Writes the turn's reply as messages that wait to be sent, in their parts, and returns how many parts there are.
 * Whoever comes first writes them; a second call changes nothing. Undefined when the fence has moved on.
 */
export async function recordReplyMessages(
  tenant: Tenant,
  turnId: string,
  fence: number,
): Promise<number | undefined> {
  const turn = await maybeOne<{ reply: string }>(
    tenant,
    "select reply from turns where id = $1 and fence = $2 and reply is not null",
    [turnId, fence],
  );
  if (!turn) return undefined;
  const parts = splitForWhatsApp(turn.reply);
  await tenant.query(
    `insert into messages
       (organization_id, chatbot_id, contact_id, turn_id, author, body, part, delivery_status)
     select t.organization_id, t.chatbot_id, t.contact_id, t.id, 'chatbot', p.body, p.number - 1, 'pending'
     from turns t, unnest($2::text[]) with ordinality as p (body, number)
     where t.id = $1
     on conflict (turn_id, part) do nothing`,
    [turnId, parts],
  );
  return parts.length;
}
