import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, many, type Postgresql, type Tenant, withDb } from "../platform/postgres.ts";
import { organizationOf, RowNotFoundError } from "../platform/tenant_of_row.ts";
import { namesOf } from "./block_contact.ts";
import { type BlockedName, readBlockedName } from "./blocked_name.ts";

export interface Unblocked {
  readonly outcome: "unblocked" | "not_blocked";
  /** who is answered again, also if a flood or a loop had silenced them */
  readonly contact_ids: readonly string[];
  /** a beginning of numbers that still keeps one of them out, such as 49* */
  readonly still_blocked_by: string | null;
}

/** Takes a contact, an id or a number off a chatbot's block list, and ends a silence. */
export async function main(
  chatbot_id: string,
  db: Postgresql,
  contact_id?: string,
  phone?: string,
  bsuid?: string,
  user_id?: string,
): Promise<Unblocked> {
  const name = readBlockedName({ contact_id, phone, bsuid });
  return withDb(db, (database) =>
    unblockContact(database, chatbot_id, name, operatorOfJob(user_id)),
  );
}

export async function unblockContact(
  database: Database,
  chatbotId: string,
  name: BlockedName,
  operator: Operator,
): Promise<Unblocked> {
  const subject = { table: "chatbots", id: chatbotId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "unblock_contact", subject } as const;
  return actOn(database, organizationId, act, async (tenant, record) => {
    const freed = await freeKnown(tenant, chatbotId, name);
    const unlisted = await unlist(tenant, chatbotId, name);
    const contact_ids = freed.filter(({ was_blocked }) => was_blocked).map(({ id }) => id);
    const isFreed = unlisted > 0 || contact_ids.length > 0;
    if (isFreed) await record({ by: name.kind, contact_ids });
    return {
      outcome: isFreed ? "unblocked" : "not_blocked",
      contact_ids,
      still_blocked_by: await readPrefix(tenant, chatbotId, name),
    };
  });
}

async function freeKnown(tenant: Tenant, chatbotId: string, name: BlockedName) {
  if (name.kind === "phone" && name.isPrefix) return [];
  const known = await many<{ id: string; was_blocked: boolean }>(
    tenant,
    `update contacts c set is_blocked = false, silenced_until = null, penalties = 0, loop_points = 0
     from (
       select id, is_blocked or silenced_until > now() as was_blocked from contacts
       where chatbot_id = $1 and (id = $2::uuid or bsuid = $3 or phone = $4) for update
     ) before
     where c.id = before.id returning c.id, coalesce(before.was_blocked, false) as was_blocked`,
    [chatbotId, ...namesOf(name)],
  );
  if (name.kind === "contact" && known.length === 0)
    throw new RowNotFoundError({ table: "contacts", id: name.contactId });
  return known;
}

/** By its own name and by the others of the same contact: one entry left would keep it out. */
async function unlist(tenant: Tenant, chatbotId: string, name: BlockedName): Promise<number> {
  const isPrefix = name.kind === "phone" && name.isPrefix;
  const unlisted = await many(
    tenant,
    `delete from blocked_senders s
     where s.chatbot_id = $1 and s.is_prefix = $5
       and (s.bsuid = $3 or s.phone = $4 or not s.is_prefix and exists (
         select from contacts c
         where c.chatbot_id = s.chatbot_id and (c.id = $2::uuid or c.bsuid = $3 or c.phone = $4)
           and (c.bsuid = s.bsuid or c.phone = s.phone)
       ))
     returning s.id`,
    [chatbotId, ...namesOf(name), isPrefix],
  );
  return unlisted.length;
}

async function readPrefix(
  tenant: Tenant,
  chatbotId: string,
  name: BlockedName,
): Promise<string | null> {
  const prefixes = await many<{ prefix: string }>(
    tenant,
    `select s.phone || '*' as prefix from blocked_senders s
     where s.chatbot_id = $1 and s.is_prefix and (starts_with($4, s.phone) or exists (
       select from contacts c
       where c.chatbot_id = s.chatbot_id and (c.id = $2::uuid or c.bsuid = $3) and starts_with(c.phone, s.phone)
     ))
     order by length(s.phone) limit 1`,
    [chatbotId, ...namesOf(name)],
  );
  return prefixes[0]?.prefix ?? null;
}
