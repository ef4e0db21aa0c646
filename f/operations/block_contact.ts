import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, many, type Postgresql, type Tenant, withDb } from "../platform/postgres.ts";
import { organizationOf, RowNotFoundError } from "../platform/tenant_of_row.ts";
import { type BlockedName, readBlockedName } from "./blocked_name.ts";

export interface Blocked {
  readonly outcome: "blocked" | "already_blocked";
  /** who has written before and is not answered from now on */
  readonly contact_ids: readonly string[];
}

/** Keeps a contact, an id or a number from being answered by a chatbot, also before it ever wrote. */
export async function main(
  chatbot_id: string,
  db: Postgresql,
  contact_id?: string,
  phone?: string,
  bsuid?: string,
  user_id?: string,
): Promise<Blocked> {
  const name = readBlockedName({ contact_id, phone, bsuid });
  return withDb(db, (database) => blockContact(database, chatbot_id, name, operatorOfJob(user_id)));
}

export async function blockContact(
  database: Database,
  chatbotId: string,
  name: BlockedName,
  operator: Operator,
): Promise<Blocked> {
  const subject = { table: "chatbots", id: chatbotId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "block_contact", subject } as const;
  return actOn(database, organizationId, act, async (tenant, record) => {
    const isListed = name.kind !== "contact" && (await list(tenant, chatbotId, name));
    const contact_ids = await blockKnown(tenant, chatbotId, name);
    const isNew = isListed || contact_ids.length > 0;
    if (!isNew) return { outcome: "already_blocked", contact_ids };
    // the number itself is left out: this log outlives an erasure
    await record({ by: name.kind, contact_ids });
    return { outcome: "blocked", contact_ids };
  });
}

async function list(
  tenant: Tenant,
  chatbotId: string,
  name: Exclude<BlockedName, { kind: "contact" }>,
): Promise<boolean> {
  const { bsuid, phone, isPrefix } =
    name.kind === "bsuid"
      ? { bsuid: name.bsuid, phone: null, isPrefix: false }
      : { bsuid: null, phone: name.phone, isPrefix: name.isPrefix };
  const listed = await many(
    tenant,
    `insert into blocked_senders (organization_id, chatbot_id, bsuid, phone, is_prefix)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
    [tenant.organizationId, chatbotId, bsuid, phone, isPrefix],
  );
  return listed.length > 0;
}

/** What is being sent is withheld: the send looks at the contact's row. Returns who was not blocked before. */
async function blockKnown(tenant: Tenant, chatbotId: string, name: BlockedName): Promise<string[]> {
  // everybody with a beginning in common is found by the list alone, so that unblocking the beginning frees them
  if (name.kind === "phone" && name.isPrefix) return [];
  const known = await many<{ id: string; is_new: boolean }>(
    tenant,
    `update contacts c set is_blocked = true
     from (
       select id, is_blocked from contacts
       where chatbot_id = $1 and (id = $2::uuid or bsuid = $3 or phone = $4) for update
     ) before
     where c.id = before.id returning c.id, not before.is_blocked as is_new`,
    [chatbotId, ...namesOf(name)],
  );
  if (name.kind === "contact" && known.length === 0)
    throw new RowNotFoundError({ table: "contacts", id: name.contactId });
  return known.filter(({ is_new }) => is_new).map(({ id }) => id);
}

/** The contact's id, its id at WhatsApp and its number: the one that was given, and nulls. */
export function namesOf(name: BlockedName): [string | null, string | null, string | null] {
  return [
    name.kind === "contact" ? name.contactId : null,
    name.kind === "bsuid" ? name.bsuid : null,
    name.kind === "phone" ? name.phone : null,
  ];
}
