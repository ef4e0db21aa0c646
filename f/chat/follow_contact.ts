import { many, one, type Tenant } from "../platform/postgres.ts";
import type { Notice } from "./parse_message.ts";
import { CONTACT_COLUMNS, type LockedContact } from "./resolve_contact.ts";

type Identity = Pick<Extract<Notice, { kind: "identity" }>, "bsuid" | "phone">;

/**
 * Gives the contact its new number and id, and answers the contact that has them now, locked. Meta makes a new id
 * for a new number, so what the notice does not name is no longer theirs: the old number may soon be a stranger's.
 * Who wrote under the new one before the notice came is the same person: of the two, the older row goes on with
 * what both said.
 */
export async function followContact(
  tenant: Tenant,
  contact: LockedContact,
  { bsuid, phone }: Identity,
): Promise<LockedContact> {
  const [oldest = contact, ...newer] = await many<LockedContact>(
    tenant,
    `select ${CONTACT_COLUMNS} from contacts
     where id = $2 or (chatbot_id = $1 and (bsuid = $3 or phone = $4))
     order by created_at, id for update`,
    [contact.chatbot_id, contact.id, bsuid, phone],
  );
  const known = [oldest, ...newer].filter(({ id }) => id !== contact.id);
  const identity = {
    bsuid: bsuid ?? known.find((other) => other.bsuid !== null)?.bsuid ?? null,
    phone: phone ?? known.find((other) => other.phone !== null)?.phone ?? null,
  };
  for (const other of newer) await mergeInto(tenant, oldest, other);
  return one<LockedContact>(
    tenant,
    `update contacts set bsuid = $2, phone = $3 where id = $1 returning ${CONTACT_COLUMNS}`,
    [oldest.id, identity.bsuid, identity.phone],
  );
}

/** The ledger is written once and never changed: a contact that stands in it stays, and can be written to no more. */
async function mergeInto(tenant: Tenant, kept: LockedContact, merged: LockedContact) {
  const ids = [kept.id, merged.id];
  await tenant.query("update messages set contact_id = $1 where contact_id = $2", ids);
  await tenant.query("update turns set contact_id = $1 where contact_id = $2", ids);
  await tenant.query(
    `update contacts kept set
       conversation_mode = case when 'manual' in (kept.conversation_mode, merged.conversation_mode)
         then 'manual' else 'auto' end,
       is_blocked = kept.is_blocked or merged.is_blocked,
       unread_count = kept.unread_count + merged.unread_count,
       limit_notice_period = greatest(kept.limit_notice_period, merged.limit_notice_period),
       last_message_at = greatest(kept.last_message_at, merged.last_message_at)
     from contacts merged where kept.id = $1 and merged.id = $2`,
    ids,
  );
  await tenant.query("update contacts set bsuid = 'merged:' || id, phone = null where id = $1", [
    merged.id,
  ]);
  await tenant.query(
    `delete from contacts c where id = $1
       and not exists (select from usage_logs l where l.contact_id = c.id)`,
    [merged.id],
  );
}
