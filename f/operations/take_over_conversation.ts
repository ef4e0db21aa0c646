import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import {
  type Database,
  maybeOne,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import {
  IS_TOKEN_USABLE,
  isWindowOpen,
  type Sending,
  sendMessage,
} from "../platform/send_message.ts";
import { countTowardsPace, SendingTooFastError, whenPaceAllows } from "../platform/sending_pace.ts";
import { organizationOf } from "../platform/tenant_of_row.ts";
import { readWhatsApp, type WhatsAppFor } from "../platform/whatsapp_numbers.ts";

export interface TakenOver {
  readonly outcome: "taken_over" | "already_manual";
  readonly contact_id: string;
  /** whether the contact was told so; none: the chatbot has no handover_message, it was told before, it wrote more than 24 hours ago, or Meta refuses the chatbot's token */
  readonly notice: "sent" | "not_sent" | "none";
}

/** Lets a person answer a contact from now on. The chatbot begins to send nothing more until the conversation is given back. */
export async function main(
  contact_id: string,
  db: Postgresql,
  user_id?: string,
): Promise<TakenOver> {
  return withDb(db, (database) =>
    takeOverConversation(database, readWhatsApp, contact_id, operatorOfJob(user_id)),
  );
}

export async function takeOverConversation(
  database: Database,
  openWhatsApp: () => Promise<WhatsAppFor>,
  contactId: string,
  operator: Operator,
): Promise<TakenOver> {
  const subject = { table: "contacts", id: contactId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "take_over_conversation", subject } as const;
  const { isTaken, notice } = await actOn(database, organizationId, act, async (tenant, record) => {
    const isTaken = await takeOver(tenant, contactId, operator.userId);
    if (!isTaken) return { isTaken, notice: undefined };
    await record();
    return { isTaken, notice: await writeNotice(tenant, contactId) };
  });
  return {
    outcome: isTaken ? "taken_over" : "already_manual",
    contact_id: contactId,
    notice: notice ? await sendNotice(database, openWhatsApp, notice) : "none",
  };
}

/** Waits for a send that is being claimed: that statement locks the contact, and looks at the mode. */
async function takeOver(tenant: Tenant, contactId: string, userId: string | null) {
  const taken = await maybeOne(
    tenant,
    `update contacts set conversation_mode = 'manual', taken_over_at = now(), taken_over_by = $2
     where id = $1 and conversation_mode = 'auto' returning id`,
    [contactId, userId],
  );
  return taken !== undefined;
}

/** Commits the notice as `sending` together with the takeover: one for each, whoever dies or asks again. */
function writeNotice(tenant: Tenant, contactId: string): Promise<Sending | undefined> {
  return maybeOne<Sending>(
    tenant,
    `with notice as (
       insert into messages (organization_id, chatbot_id, contact_id, author, body, part, delivery_status,
         attempts, status_changed_at)
       select b.organization_id, b.id, c.id, 'chatbot', b.handover_message, 0, 'sending', 1, now()
       from contacts c join chatbots b on b.id = c.chatbot_id
       where c.id = $1 and b.handover_message is not null and b.is_active and not c.is_blocked
         and ${isWindowOpen("c.id")} and ${IS_TOKEN_USABLE}
       returning id, body, attempts, delivery_key, contact_id, chatbot_id
     )
     select n.id, n.body, n.attempts, n.delivery_key, n.contact_id, c.phone, c.bsuid, true as is_window_open,
       null as reply_template_name, null as reply_template_language,
       b.organization_id, b.id as chatbot_id, b.phone_number_id, b.whatsapp_access_token
     from notice n join contacts c on c.id = n.contact_id join chatbots b on b.id = n.chatbot_id`,
    [contactId],
  );
}

async function sendNotice(
  database: Database,
  openWhatsApp: () => Promise<WhatsAppFor>,
  notice: Sending,
): Promise<"sent" | "not_sent"> {
  try {
    const whatsAppFor = await openWhatsApp();
    await whenPaceAllows(() => countNotice(database, notice));
    await sendMessage(database, whatsAppFor, notice);
    return "sent";
  } catch (error) {
    // the conversation is taken over all the same, and the message's row says why the contact was not told
    console.warn(error instanceof Error ? error.message : error);
    // a notice that was put off would come when the person has long answered
    const putOff = error instanceof SendingTooFastError ? "sending" : "pending";
    await withTenant(database, notice.organization_id, (tenant) =>
      tenant.query(
        `update messages set delivery_status = 'failed', delivery_error = coalesce(delivery_error, '{"kind": "too_fast"}')
         where id = $1 and delivery_status = $2`,
        [notice.id, putOff],
      ),
    );
    return "not_sent";
  }
}

function countNotice(database: Database, notice: Sending): Promise<void> {
  return withTenant(database, notice.organization_id, async (tenant) => {
    await tenant.query("select id from contacts where id = $1 for no key update", [
      notice.contact_id,
    ]);
    await countTowardsPace(tenant, notice);
  });
}
