import type { Tenant } from "../platform/postgres.ts";
import { storableJson } from "../platform/storable_text.ts";
import type { ParsedMessage } from "./parse_message.ts";
import type { LockedContact } from "./resolve_contact.ts";

export type DatedMessage = ParsedMessage & { readonly sentAt: Date };

/**
 * Writes what a contact said, in its order. Null as turn: it is kept and not answered. Said again (a redelivery,
 * a failed turn that is run again), the message stays one and belongs to the new turn.
 */
export async function saveContactMessages(
  tenant: Tenant,
  contact: LockedContact,
  turnId: string | null,
  messages: readonly DatedMessage[],
): Promise<void> {
  const rows = messages.map(({ kind, body, details, wamid, sentAt }) => ({
    kind,
    body,
    details,
    wamid,
    sent_at: sentAt.toISOString(),
  }));
  await tenant.query(
    `insert into messages
       (organization_id, chatbot_id, contact_id, turn_id, author, kind, body, details, wamid, sent_at)
     select $1, $2, $3, $4, 'contact', m.kind, m.body, m.details, m.wamid, m.sent_at
     from rows from (
       jsonb_to_recordset($5) as (kind text, body text, details jsonb, wamid text, sent_at timestamptz)
     ) with ordinality as m (kind, body, details, wamid, sent_at, number)
     order by m.number
     on conflict (chatbot_id, wamid) where wamid is not null
     do update set turn_id = excluded.turn_id`,
    [tenant.organizationId, contact.chatbot_id, contact.id, turnId, storableJson(rows)],
  );
  const name = messages.findLast(({ profileName }) => profileName !== "")?.profileName;
  await tenant.query(
    `update contacts set last_message_at = now(), profile_name = coalesce($2, profile_name) where id = $1`,
    [contact.id, name ?? null],
  );
}
