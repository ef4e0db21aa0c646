import { many, one, type Tenant } from "../platform/postgres.ts";
import type { ErasedPerson } from "./erase_rows.ts";

/** So many ids are looked through in far less than a statement may take. */
const WINDOW = 50_000;

/**
 * Deletes what Meta posted of the contact and returns the ids. Of a status or a notice of another kind the number
 * is somewhere in the payload, and no index finds it; of a message only its own sender counts, since others may
 * write about the number.
 */
export async function eraseEvents(tenant: Tenant, person: ErasedPerson): Promise<number[]> {
  const { first, last } = await one<{ first: number | null; last: number | null }>(
    tenant,
    "select min(id) as first, max(id) as last from webhook_events where chatbot_id = $1",
    [person.chatbotId],
  );
  if (first === null || last === null) return [];
  const ids: number[] = [];
  for (let from = first; from <= last; from += WINDOW) {
    const deleted = await deleteWindow(tenant, person, from, from + WINDOW);
    ids.push(...deleted.map(({ id }) => id));
  }
  return ids;
}

function deleteWindow(tenant: Tenant, person: ErasedPerson, from: number, to: number) {
  const { chatbotId, turnIds, contactIds, bsuid, phone } = person;
  const names = [bsuid, phone, phone && `+${phone}`].filter((name) => name);
  return many<{ id: number }>(
    tenant,
    `delete from webhook_events e
     where e.chatbot_id = $1 and e.id >= $2 and e.id < $3
       and (
         e.turn_id = any($4) or e.sender_bsuid = $5 or e.sender_phone = $6
         -- the id of a status begins with that of its message
         or split_part(e.external_id, ':', 1) in (select wamid from messages where contact_id = any($7))
         or e.kind <> 'message'
           and jsonb_path_exists(e.payload, '$.** ? (@ == $name[*])', jsonb_build_object('name', $8::jsonb))
       )
     returning e.id`,
    [chatbotId, from, to, turnIds, bsuid, phone, contactIds, JSON.stringify(names)],
  );
}
