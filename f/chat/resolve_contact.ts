import { maybeOne, one, type Tenant } from "../platform/postgres.ts";
import type { Sender } from "../platform/waiting_events.ts";

export interface LockedContact extends Sender {
  readonly id: string;
  readonly conversation_mode: "auto" | "manual";
  readonly is_blocked: boolean;
  /** "YYYY-MM-DD" */
  readonly limit_notice_period: string | null;
}

/** What a LockedContact is read with. */
export const CONTACT_COLUMNS =
  "id, chatbot_id, bsuid, phone, conversation_mode, is_blocked, limit_notice_period";

/**
 * Finds or makes the contact that wrote, and locks its row until the transaction ends. Whoever locks it decides
 * alone what becomes of the conversation.
 */
export async function resolveContact(tenant: Tenant, sender: Sender): Promise<LockedContact> {
  const found = (await byBsuid(tenant, sender)) ?? (await byPhone(tenant, sender));
  if (found) return learnAliases(tenant, found, sender);
  const made = await maybeOne<LockedContact>(
    tenant,
    `insert into contacts (organization_id, chatbot_id, bsuid, phone) values ($1, $2, $3, $4)
     on conflict do nothing returning ${CONTACT_COLUMNS}`,
    [tenant.organizationId, sender.chatbot_id, sender.bsuid, sender.phone],
  );
  // nothing was inserted when another job made a contact of that id or number meanwhile: now it is found
  return made ?? resolveContact(tenant, sender);
}

async function byBsuid(tenant: Tenant, { chatbot_id, bsuid }: Sender) {
  if (bsuid === null) return undefined;
  return maybeOne<LockedContact>(
    tenant,
    `select ${CONTACT_COLUMNS} from contacts where chatbot_id = $1 and bsuid = $2 for update`,
    [chatbot_id, bsuid],
  );
}

/** By its alias. A number that now writes under another id has a new owner: the old contact loses it. */
async function byPhone(tenant: Tenant, { chatbot_id, bsuid, phone }: Sender) {
  if (phone === null) return undefined;
  const contact = await maybeOne<LockedContact>(
    tenant,
    `select ${CONTACT_COLUMNS} from contacts where chatbot_id = $1 and phone = $2 for update`,
    [chatbot_id, phone],
  );
  if (!contact || bsuid === null || contact.bsuid === null) return contact;
  await tenant.query("update contacts set phone = null where id = $1", [contact.id]);
  return undefined;
}

/** Keeps the id or the number that was not known yet, unless another contact has the number. */
async function learnAliases(
  tenant: Tenant,
  contact: LockedContact,
  { bsuid, phone }: Sender,
): Promise<LockedContact> {
  const isIdKnown = bsuid === null || contact.bsuid !== null;
  if (isIdKnown && (phone === null || phone === contact.phone)) return contact;
  return one<LockedContact>(
    tenant,
    `update contacts c set
       bsuid = coalesce(c.bsuid, $2),
       phone = case when exists (
         select from contacts other
         where other.chatbot_id = c.chatbot_id and other.phone = $3 and other.id <> c.id
       ) then c.phone else coalesce($3, c.phone) end
     where id = $1
     returning ${CONTACT_COLUMNS}`,
    [contact.id, bsuid, phone],
  );
}
