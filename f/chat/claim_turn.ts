import { maybeOne, one, type Tenant } from "../platform/postgres.ts";
import { TURN_LEASE } from "../platform/turn_lease.ts";
import type { Sender } from "../platform/waiting_events.ts";
import type { AnsweringChatbot, Claim } from "./claim.ts";
import { openTurn } from "./open_turn.ts";
import { type LockedContact, resolveContact } from "./resolve_contact.ts";
import { absorbWaitingEvents } from "./take_events.ts";

type Event = Sender & {
  readonly id: number;
  readonly status: "received" | "processing" | "completed" | "failed" | "ignored";
  readonly turn_id: string | null;
};

interface LiveTurn {
  readonly id: string;
  readonly status: "generating" | "replying";
  readonly is_ours: boolean;
  readonly is_abandoned: boolean;
}

/** Decides, under the contact's lock, what becomes of an event, and opens or takes over its turn. */
export async function claimTurn(
  tenant: Tenant,
  webhookEventId: number,
  flowJobId: string,
): Promise<Claim> {
  const sender = await one<Event>(
    tenant,
    `select ${EVENT_COLUMNS} from webhook_events e where e.id = $1`,
    [webhookEventId],
  );
  if (isDone(sender)) return alreadyDone(sender);
  const contact = await resolveContact(tenant, sender);
  // the event is asked for again: it may have changed while this job waited for the lock
  const { event, live } = await eventAndLiveTurn(tenant, webhookEventId, contact, flowJobId);
  if (isDone(event)) return alreadyDone(event);
  if (event.status === "failed" && !(await reopenFailedTurn(tenant, event, flowJobId))) {
    return { outcome: "duplicate", reason: "this flow run has failed with it already" };
  }
  if (live) return joinLiveTurn(tenant, { event, contact, live, flowJobId });
  if (event.status === "processing") {
    return { outcome: "duplicate", reason: `its turn ${event.turn_id} has ended` };
  }
  return openTurn(tenant, await readChatbot(tenant, contact), contact, flowJobId);
}

const EVENT_COLUMNS =
  "e.id, e.status, e.turn_id, e.chatbot_id, e.sender_bsuid as bsuid, e.sender_phone as phone";

function isDone({ status }: Event): boolean {
  return status === "completed" || status === "ignored";
}

function alreadyDone({ id, status }: Event): Claim {
  return { outcome: "duplicate", reason: `event ${id} is ${status}` };
}

async function eventAndLiveTurn(
  tenant: Tenant,
  webhookEventId: number,
  contact: LockedContact,
  flowJobId: string,
) {
  const { live, ...event } = await one<Event & { live: LiveTurn | null }>(
    tenant,
    `select ${EVENT_COLUMNS},
       (select json_build_object('id', t.id, 'status', t.status,
           'is_ours', t.flow_job_id is not distinct from $3,
           'is_abandoned', t.lease_expires_at < now() and not is_turn_in_doubt(t.id))
         from turns t where t.contact_id = $2 and t.status in ('generating', 'replying')) as live
     from webhook_events e where e.id = $1`,
    [webhookEventId, contact.id, flowJobId],
  );
  return { event, live };
}

/** Ours: this job was restarted. Abandoned: its flow is dead. Either way it goes on under a new fence. */
async function joinLiveTurn(
  tenant: Tenant,
  claim: { event: Event; contact: LockedContact; live: LiveTurn; flowJobId: string },
): Promise<Claim> {
  const { event, contact, live, flowJobId } = claim;
  if (!live.is_ours && !live.is_abandoned) {
    return event.status === "processing"
      ? { outcome: "duplicate", reason: `it is part of the live turn ${live.id}` }
      : { outcome: "queued", reason: `it waits for the live turn ${live.id}` };
  }
  if (live.status === "generating") await absorbWaitingEvents(tenant, contact, live.id);
  const { fence } = await one<{ fence: number }>(
    tenant,
    `update turns set fence = fence + 1, lease_expires_at = now() + $3::interval, flow_job_id = $2
     where id = $1 returning fence`,
    [live.id, flowJobId, TURN_LEASE],
  );
  return { outcome: "reply", turnId: live.id, fence };
}

/**
 * A failed turn is run again by starting the flow with one of its events; a new turn takes them, since the old
 * one may have sent its error message. False for a late copy of the job that failed.
 */
async function reopenFailedTurn(tenant: Tenant, event: Event, flowJobId: string): Promise<boolean> {
  const failed = await maybeOne<{ is_ours: boolean }>(
    tenant,
    "select flow_job_id is not distinct from $2 as is_ours from turns where id = $1",
    [event.turn_id, flowJobId],
  );
  if (failed?.is_ours) return false;
  // an event that no turn took has failed alone
  await tenant.query(
    `update webhook_events set status = 'received', turn_id = null, error = null, processed_at = null
     where status = 'failed' and (id = $1 or turn_id = $2)`,
    [event.id, event.turn_id],
  );
  return true;
}

function readChatbot(tenant: Tenant, contact: LockedContact): Promise<AnsweringChatbot> {
  return one<AnsweringChatbot>(
    tenant,
    `select b.organization_id, b.id as chatbot_id, b.phone_number_id, b.whatsapp_access_token,
       (b.is_active or b.disabled_by_quota) and o.is_active as is_answering, b.answer_age_limit_seconds, b.limit_message,
       b.slow_down_message, is_blocked_sender(b.id, $2, $3) as is_sender_blocked,
       b.media_message, b.keeps_media,
       billing_period(o.timezone) as period
     from chatbots b join organizations o on o.id = b.organization_id where b.id = $1`,
    [contact.chatbot_id, contact.bsuid, contact.phone],
  );
}
