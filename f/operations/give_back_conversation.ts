import { FLOW_PATH, type StartFlow } from "../platform/close_turn.ts";
import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import {
  type Database,
  maybeOne,
  type Postgresql,
  type Tenant,
  withDb,
} from "../platform/postgres.ts";
import { organizationOf } from "../platform/tenant_of_row.ts";
import { type Sender, waitingEvents } from "../platform/waiting_events.ts";
import { startFlow } from "../platform/windmill.ts";

export interface GivenBack {
  readonly outcome: "given_back" | "already_auto";
  readonly contact_id: string;
  /** the flow run that answers what nobody has answered; null when the last word was the person's */
  readonly flow_job_id: string | null;
}

/** Lets the chatbot answer a contact again, beginning with what the contact wrote since anybody last answered. */
export async function main(
  contact_id: string,
  db: Postgresql,
  user_id?: string,
): Promise<GivenBack> {
  return withDb(db, (database) =>
    giveBackConversation(database, startFlow, contact_id, operatorOfJob(user_id)),
  );
}

export async function giveBackConversation(
  database: Database,
  start: StartFlow,
  contactId: string,
  operator: Operator,
): Promise<GivenBack> {
  const subject = { table: "contacts", id: contactId } as const;
  const organizationId = await organizationOf(database, subject);
  const act = { operator, action: "give_back_conversation", subject } as const;
  const given = await actOn(database, organizationId, act, async (tenant, record) => {
    const given = await giveBack(tenant, contactId);
    if (given) await record();
    return given;
  });
  const ended = (outcome: GivenBack["outcome"], flow_job_id: string | null) => ({
    outcome,
    contact_id: contactId,
    flow_job_id,
  });
  if (!given) return ended("already_auto", null);
  if (given.nextEventId === undefined) return ended("given_back", null);
  // should this job die here, recover_turns finds the messages waiting
  const flowJobId = await start(FLOW_PATH, { webhook_event_id: given.nextEventId });
  return ended("given_back", flowJobId);
}

/** Under the contact's lock, as every decision about its messages. */
async function giveBack(tenant: Tenant, contactId: string) {
  const sender = await maybeOne<Sender>(
    tenant,
    `update contacts set conversation_mode = 'auto', given_back_at = now(), unread_count = 0,
       taken_over_at = null, taken_over_by = null
     where id = $1 and conversation_mode = 'manual' returning chatbot_id, bsuid, phone`,
    [contactId],
  );
  if (!sender) return undefined;
  // a notice of the chatbot's that is still to be sent was about the hand-over that ends here
  await tenant.query(
    "update turns set hands_over = false where contact_id = $1 and hands_over and status = 'replying'",
    [contactId],
  );
  await askAgain(tenant, contactId);
  return { nextEventId: (await waitingEvents(tenant, sender))[0]?.id };
}

/**
 * Lets the messages wait again that the contact wrote after the last one that the chatbot answered, and after the
 * person's last word. They are in the history by then, and become the next turn's. A live turn keeps its own.
 */
async function askAgain(tenant: Tenant, contactId: string): Promise<void> {
  await tenant.query(
    `with said as (
       select m.*, m.author = 'contact' and exists (
         select from messages reply where reply.turn_id = m.turn_id and reply.author = 'chatbot'
           and reply.delivery_status not in ('pending', 'failed')
       ) as is_answered
       from messages m where m.contact_id = $1
     ),
     last_answer as (
       select sent_at, id from said where author = 'user' or is_answered
       order by sent_at desc, id desc limit 1
     )
     update webhook_events e
     set status = 'received', turn_id = null, error = null, processed_at = null, recoveries = 0, recovered_at = null
     from said s join chatbots b on b.id = s.chatbot_id left join last_answer a on true
     where s.author = 'contact' and (a.id is null or (s.sent_at, s.id) > (a.sent_at, a.id))
       and e.phone_number_id = b.phone_number_id and e.kind = 'message' and e.external_id = s.wamid
       and e.status in ('completed', 'failed')`,
    [contactId],
  );
}
