import type { Operator } from "../platform/operator_action.ts";
import { many, one, type Tenant } from "../platform/postgres.ts";
import { mediaKey } from "../platform/stored_files.ts";
import { eraseEvents } from "./erase_events.ts";

/** Whom to erase: the contact, and the rows that became one with it. */
export interface ErasedPerson {
  readonly contactIds: readonly string[];
  readonly chatbotId: string;
  readonly bsuid: string | null;
  readonly phone: string | null;
  readonly turnIds: readonly string[];
  readonly flowJobIds: readonly string[];
}

/** Erases the contact's rows and returns the id of its erasure, which names what is left to do. */
export async function eraseRows(
  tenant: Tenant,
  contactId: string,
  operator: Operator,
): Promise<string> {
  const person = await readPerson(tenant, contactId);
  await supersedeLiveTurn(tenant, person);
  const fileKeys = [...(await readMedia(tenant, person)), ...(await readExports(tenant, person))];
  const listingJobs = await readListingJobs(tenant, person);
  const eventIds = await eraseEvents(tenant, person);
  const removed = {
    webhook_events: eventIds.length,
    tool_executions: await count(tenant, "delete from tool_executions where turn_id = any($1)", [
      person.turnIds,
    ]),
    integration_sessions: await count(
      tenant,
      "delete from integration_sessions where contact_id = any($1)",
      [person.contactIds],
    ),
    message_media: await count(
      tenant,
      `delete from message_media where message_id in (select id from messages where contact_id = any($1))`,
      [person.contactIds],
    ),
    messages: await count(tenant, "delete from messages where contact_id = any($1)", [
      person.contactIds,
    ]),
    blocked_senders: await unlist(tenant, person),
    system_alerts: await emptyAlerts(tenant, person),
    turns: await emptyTurns(tenant, person),
    contacts: await emptyContacts(tenant, person),
  };
  const { id } = await one<{ id: string }>(
    tenant,
    `insert into erasures (organization_id, contact_id, user_id, windmill_user, flow_job_ids, webhook_event_ids,
       file_keys, removed)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [
      tenant.organizationId,
      contactId,
      operator.userId,
      operator.windmillUser,
      [...person.flowJobIds, ...listingJobs],
      eventIds,
      fileKeys,
      JSON.stringify(removed),
    ],
  );
  return id;
}

async function readPerson(tenant: Tenant, contactId: string): Promise<ErasedPerson> {
  const contact = await one<{ chatbot_id: string; bsuid: string | null; phone: string | null }>(
    tenant,
    "select chatbot_id, bsuid, phone from contacts where id = $1",
    [contactId],
  );
  const turns = await many<{ id: string; flow_job_id: string | null }>(
    tenant,
    "select id, flow_job_id from turns where contact_id = $1",
    [contactId],
  );
  const turnIds = turns.map(({ id }) => id);
  // a contact that was merged into this one stays behind when the ledger names it (follow_contact)
  const merged = await many<{ id: string }>(
    tenant,
    `select id from contacts where bsuid = 'merged:' || id and id in (
       select contact_id from usage_logs where turn_id = any($1))`,
    [turnIds],
  );
  return {
    contactIds: [contactId, ...merged.map(({ id }) => id)],
    chatbotId: contact.chatbot_id,
    bsuid: contact.bsuid,
    phone: contact.phone,
    turnIds,
    flowJobIds: turns.flatMap(({ flow_job_id }) => flow_job_id ?? []),
  };
}

/** Its job loses the turn's fence, so that nothing is sent any more. settle_reservations ends its reservation. */
async function supersedeLiveTurn(tenant: Tenant, { turnIds }: ErasedPerson): Promise<void> {
  await tenant.query(
    `update turns set fence = fence + 1, status = 'failed', finished_at = now(), lease_expires_at = now()
     where id = any($1) and finished_at is null`,
    [turnIds],
  );
}

/** Also of files that are still to be stored: their job may be at it. */
async function readMedia(tenant: Tenant, { contactIds }: ErasedPerson): Promise<string[]> {
  const media = await many<Parameters<typeof mediaKey>[0] & { s3_key: string | null }>(
    tenant,
    `select f.organization_id, f.chatbot_id, m.contact_id, f.id, f.s3_key
     from message_media f join messages m on m.id = f.message_id where m.contact_id = any($1)`,
    [contactIds],
  );
  return media.map((file) => file.s3_key ?? mediaKey(file));
}

async function readExports(tenant: Tenant, { contactIds }: ErasedPerson): Promise<string[]> {
  const exports = await many<{ s3_key: string }>(
    tenant,
    `select details ->> 's3_key' as s3_key from audit_log
     where action = 'export_contact' and subject_id = any($1)`,
    [contactIds],
  );
  return exports.map(({ s3_key }) => s3_key);
}

/** Who blocks or unblocks a number types it into a form: it stands in that job's arguments. */
async function readListingJobs(tenant: Tenant, { chatbotId }: ErasedPerson): Promise<string[]> {
  const jobs = await many<{ job_id: string }>(
    tenant,
    `select job_id from audit_log
     where action in ('block_contact', 'unblock_contact') and subject_id = $1
       and details ->> 'by' <> 'contact' and job_id is not null`,
    [chatbotId],
  );
  return jobs.map(({ job_id }) => job_id);
}

/** A hash would not do: all the numbers there are can be hashed in minutes. A beginning of numbers is nobody's. */
function unlist(tenant: Tenant, { chatbotId, bsuid, phone }: ErasedPerson): Promise<number> {
  return count(
    tenant,
    "delete from blocked_senders where chatbot_id = $1 and (bsuid = $2 or phone = $3)",
    [chatbotId, bsuid, phone],
  );
}

/** That there was a fault stays; what it said goes. */
function emptyAlerts(tenant: Tenant, person: ErasedPerson): Promise<number> {
  return count(
    tenant,
    `update system_alerts set summary = 'Erased with its contact.', details = '{}', fingerprint = ''
     where turn_id = any($1) or flow_job_id = any($2) or details ->> 'contact_id' = any($3)
       or position($4 in summary || details::text || fingerprint) > 0
       or position($5 in summary || details::text || fingerprint) > 0`,
    [person.turnIds, person.flowJobIds, person.contactIds, person.bsuid, person.phone],
  );
}

/** The rows stay for the ledger: what they used is counted by them. */
function emptyTurns(tenant: Tenant, { turnIds }: ErasedPerson): Promise<number> {
  return count(
    tenant,
    `update turns set reply = case when reply is not null then '' end, sources = '[]', error = null
     where id = any($1)`,
    [turnIds],
  );
}

function emptyContacts(tenant: Tenant, { contactIds }: ErasedPerson): Promise<number> {
  return count(
    tenant,
    `update contacts set
       bsuid = 'erased:' || id, phone = null, profile_name = '', variables = '{}', summary = '',
       summary_until_message_id = null, is_blocked = false, taken_over_by = null, unread_count = 0,
       silenced_until = null, erased_at = now()
     where id = any($1)`,
    [contactIds],
  );
}

async function count(tenant: Tenant, sql: string, params: readonly unknown[]): Promise<number> {
  return (await tenant.query(`${sql} returning 1`, params)).length;
}
