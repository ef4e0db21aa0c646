import { one, type Tenant } from "../platform/postgres.ts";

/** Rows as the database holds them, by table. */
export type ContactData = Readonly<Record<string, readonly object[]>>;

/** Each: SQL that finds the contact's rows of a table, with $1 its id. */
const ROWS_OF_CONTACT = {
  contacts: "select r from contacts r where id = $1",
  messages: "select r from messages r where contact_id = $1 order by sent_at, id",
  message_media: `select r from message_media r join messages m on m.id = r.message_id
    where m.contact_id = $1 order by r.id`,
  turns: "select r from turns r where contact_id = $1 order by created_at",
  tool_executions: `select r from tool_executions r join turns t on t.id = r.turn_id
    where t.contact_id = $1 order by r.id`,
  integration_sessions: "select r from integration_sessions r where contact_id = $1",
  usage_logs: "select r from usage_logs r where contact_id = $1 order by id",
  system_alerts: `select r from system_alerts r join turns t on t.id = r.turn_id
    where t.contact_id = $1 order by r.id`,
  blocked_senders: `select r from blocked_senders r join contacts c on c.chatbot_id = r.chatbot_id
    where c.id = $1 and (r.bsuid = c.bsuid or r.phone = c.phone)`,
  webhook_events: `select r from webhook_events r join contacts c on c.chatbot_id = r.chatbot_id
    where c.id = $1 and (r.sender_bsuid = c.bsuid or r.sender_phone = c.phone or r.turn_id in (
      select id from turns where contact_id = c.id)) order by r.id`,
};

/** Everything that is held of the contact. */
export async function readContactData(tenant: Tenant, contactId: string): Promise<ContactData> {
  const data: Record<string, readonly object[]> = {};
  for (const [table, rows] of Object.entries(ROWS_OF_CONTACT)) {
    const found = await one<{ rows: readonly object[] }>(
      tenant,
      `select coalesce(jsonb_agg(to_jsonb(r)), '[]') as rows from (${rows}) found`,
      [contactId],
    );
    data[table] = found.rows;
  }
  return data;
}
