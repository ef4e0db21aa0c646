import type { Tenant } from "../platform/postgres.ts";
import { storableJson, storableText } from "../platform/storable_text.ts";
import { mediaIdOf, type ParsedMessage } from "./parse_message.ts";
import type { LockedContact } from "./resolve_contact.ts";

export type DatedMessage = ParsedMessage & { readonly sentAt: Date };

/**
 * Writes what a contact said, in its order, and changes what the contact edited or took back. Null as turn: it is
 * kept and not answered. Said again (a redelivery, a failed turn that is run again), the message stays one and
 * belongs to the new turn.
 */
export async function saveContactMessages(
  tenant: Tenant,
  contact: LockedContact,
  turnId: string | null,
  messages: readonly DatedMessage[],
): Promise<void> {
  const said = messages.filter(({ notice }) => notice === null);
  if (said.length > 0) await insertMessages(tenant, contact, turnId, said);
  for (const message of messages) await applyChange(tenant, contact, message);
}

async function insertMessages(
  tenant: Tenant,
  contact: LockedContact,
  turnId: string | null,
  messages: readonly DatedMessage[],
): Promise<void> {
  const rows = messages.map((message) => ({
    kind: message.kind,
    body: message.body,
    details: message.details,
    wamid: message.wamid,
    sent_at: message.sentAt.toISOString(),
    media_id: mediaIdOf(message),
  }));
  const name = messages.findLast(({ profileName }) => profileName !== "")?.profileName;
  await tenant.query(
    `with said as (
       select m.* from rows from (
         jsonb_to_recordset($5)
           as (kind text, body text, details jsonb, wamid text, sent_at timestamptz, media_id text)
       ) with ordinality as m (kind, body, details, wamid, sent_at, media_id, number)
     ),
     saved as (
       insert into messages
         (organization_id, chatbot_id, contact_id, turn_id, author, kind, body, details, wamid, sent_at)
       select $1, $2, $3, $4, 'contact', kind, body, details, wamid, sent_at from said order by number
       on conflict (chatbot_id, wamid) where wamid is not null
       do update set turn_id = excluded.turn_id
       returning id, wamid
     ),
     heard as (
       update contacts set last_message_at = now(), profile_name = coalesce($6, profile_name) where id = $3
     )
     insert into message_media (organization_id, chatbot_id, message_id, whatsapp_media_id)
     select $1, $2, saved.id, said.media_id
     from saved join said using (wamid) join chatbots b on b.id = $2
     where b.keeps_media and said.media_id is not null
     on conflict (message_id) do nothing`,
    [
      tenant.organizationId,
      contact.chatbot_id,
      contact.id,
      turnId,
      storableJson(rows),
      name ?? null,
    ],
  );
}

/** Only what is theirs: the ids come from outside. */
async function applyChange(
  tenant: Tenant,
  contact: LockedContact,
  { notice, sentAt }: DatedMessage,
): Promise<void> {
  if (notice?.kind === "edit") {
    await tenant.query(
      `update messages set body = $3, details = details || jsonb_build_object('edited_at', $4::text)
       where contact_id = $1 and wamid = $2 and author = 'contact' and kind <> 'revoked'`,
      [contact.id, notice.wamid, storableText(notice.body), sentAt.toISOString()],
    );
  }
  if (notice?.kind === "revoke") {
    // that something was said stays, since the reply to it does
    await tenant.query(
      `with revoked as (
         update messages set kind = 'revoked', body = '', details = '{}'
         where contact_id = $1 and wamid = $2 and author = 'contact'
         returning id
       )
       delete from message_media m using revoked r where m.message_id = r.id and m.status = 'pending'`,
      [contact.id, notice.wamid],
    );
  }
}
