import { type Database, maybeOne, one, type Tenant, withTenant } from "./postgres.ts";
import { type Sender, waitingEvents } from "./waiting_events.ts";

export const FLOW_PATH = "f/chat/whatsapp_webhook_processor";

/** A turn under the fence of whoever ends it. */
export interface HeldTurn {
  readonly turnId: string;
  readonly fence: number;
}

export type TurnToClose = HeldTurn & { readonly organizationId: string };

type Superseded = { readonly outcome: "superseded" };

export type ClosedTurn =
  | Superseded
  | {
      readonly outcome: "closed";
      readonly status: "completed" | "failed";
      /** the flow run that answers what was written meanwhile */
      readonly nextFlowJobId: string | null;
    };

/** A turn that is closed when the transaction commits. */
export interface Closing {
  readonly outcome: "closed";
  readonly status: "completed" | "failed";
  /** what the contact wrote meanwhile begins with this event */
  readonly nextEventId: number | undefined;
}

/** Starts a flow and returns its job id. */
export type StartFlow = (path: string, args: { webhook_event_id: number }) => Promise<string>;

/**
 * Ends a turn as the database says it went, and starts the flow for what the contact wrote meanwhile.
 * Closing it again gives the same answer, and starts the flow again: a job may have died between the two,
 * and a second run for the same event finds it taken.
 */
export async function closeTurn(
  database: Database,
  startFlow: StartFlow,
  turn: TurnToClose,
): Promise<ClosedTurn> {
  const closed = await withTenant(database, turn.organizationId, async (tenant) =>
    close(tenant, turn, await lockSender(tenant, turn)),
  );
  if (closed.outcome === "superseded") return closed;
  const { outcome, status } = closed;
  return { outcome, status, nextFlowJobId: await startNext(startFlow, closed) };
}

/** After the commit. Returns the flow run that answers what was written meanwhile; null: nothing was. */
export async function startNext(
  startFlow: StartFlow,
  { nextEventId }: Closing,
): Promise<string | null> {
  return nextEventId === undefined ? null : startFlow(FLOW_PATH, { webhook_event_id: nextEventId });
}

/** What leaveTurn leaves of a turn that replies is left, and any other turn closed, as closeTurn does. */
export async function leaveOrClose(
  tenant: Tenant,
  turn: HeldTurn,
): Promise<Superseded | Closing | { readonly outcome: "left" }> {
  const sender = await lockSender(tenant, turn);
  if (await leave(tenant, turn, "replying")) return { outcome: "left" };
  return close(tenant, turn, sender);
}

/**
 * Leaves a turn to recover_turns, which starts its flow again within a minute and ends it after its last try: what
 * was surely not sent is not lost with the job that should have sent it, and what may have arrived holds up what
 * follows it until that is settled. False, and nothing is changed, when nothing is left to send or a part was
 * refused, when the contact is not to be answered, or for an error message that was surely not sent.
 */
export async function leaveTurn(
  database: Database,
  turn: TurnToClose,
  status: "generating" | "replying",
): Promise<boolean> {
  return withTenant(database, turn.organizationId, (tenant) => leave(tenant, turn, status));
}

async function leave(
  tenant: Tenant,
  { turnId, fence }: HeldTurn,
  status: "generating" | "replying",
): Promise<boolean> {
  const left = await maybeOne(
    tenant,
    `update turns t set lease_expires_at = now()
     from contacts c
     where t.id = $1 and t.fence = $2 and t.status = $3
       and c.id = t.contact_id and c.conversation_mode = 'auto' and not c.is_blocked
       and (is_turn_in_doubt(t.id) or t.reply_kind is distinct from 'error' and (
         select coalesce(bool_or(delivery_status = 'pending') and bool_and(delivery_status <> 'failed'), true)
         from messages where turn_id = t.id and author = 'chatbot'
       ))
     returning t.id`,
    [turnId, fence, status],
  );
  return left !== undefined;
}

type LockedSender = Sender & { readonly is_auto: boolean };

function lockSender(tenant: Tenant, { turnId }: HeldTurn): Promise<LockedSender> {
  return one<LockedSender>(
    tenant,
    `select c.chatbot_id, c.bsuid, c.phone, c.conversation_mode = 'auto' as is_auto from contacts c
     join turns t on t.contact_id = c.id where t.id = $1 for update of c`,
    [turnId],
  );
}

/**
 * Under the contact's lock, which load_context takes too: an event either finds the turn still live and waits,
 * and then it is seen here, or finds it closed and opens the next turn itself.
 */
async function close(
  tenant: Tenant,
  { turnId, fence }: HeldTurn,
  sender: LockedSender,
): Promise<Superseded | Closing> {
  const turn = await maybeOne<{ is_live: boolean; status: string }>(
    tenant,
    `select status in ('generating', 'replying') as is_live, status from turns
     where id = $1 and fence = $2`,
    [turnId, fence],
  );
  if (!turn) return { outcome: "superseded" };
  const status = turn.is_live
    ? await endTurn(tenant, turnId, sender.is_auto)
    : turn.status === "completed"
      ? "completed"
      : "failed";
  const [next] = await waitingEvents(tenant, sender);
  return { outcome: "closed", status, nextEventId: next?.id };
}

/**
 * Its events end with it. Those of a reply that was withheld because a person had the conversation wait for the next
 * turn when that person has given it back meanwhile: what the contact said is still to be answered.
 */
async function endTurn(
  tenant: Tenant,
  turnId: string,
  isAuto: boolean,
): Promise<Closing["status"]> {
  await settleUnfinishedMessages(tenant, turnId);
  const { status } = await one<{ status: Closing["status"] }>(
    tenant,
    `with ended as (
       update turns t set
         finished_at = now(),
         lease_expires_at = now(),
         status = case when went.well and t.reply_kind <> 'error' then 'completed' else 'failed' end,
         error = coalesce(t.error, case when not went.well then went.error end)
       from (
         select count(*) > 0 and bool_and(delivery_status <> 'failed') as well,
           coalesce(bool_and(delivery_status = 'failed') and bool_or(delivery_error ->> 'reason' = 'manual'), false)
             as is_withheld,
           'not sent: ' || coalesce(min(delivery_error::text), 'there was nothing to send') as error
         from messages where turn_id = $1 and author = 'chatbot'
       ) went
       where t.id = $1
       returning t.id, t.status, t.error, went.is_withheld and $2 as waits_again
     ),
     events as (
       update webhook_events e set
         status = case when ended.waits_again then 'received' else ended.status end,
         turn_id = case when ended.waits_again then null else e.turn_id end,
         error = case when ended.waits_again then e.error else ended.error end,
         processed_at = case when ended.waits_again then e.processed_at else now() end
       from ended where e.turn_id = ended.id and e.status = 'processing'
     )
     select status from ended`,
    [turnId, isAuto],
  );
  if (status === "failed") await releaseReservation(tenant, turnId);
  return status;
}

/** No attempt is under way any more: what never went out failed, and what nobody heard of is unknown. */
async function settleUnfinishedMessages(tenant: Tenant, turnId: string): Promise<void> {
  await tenant.query(
    `update messages set
       delivery_status = case delivery_status when 'pending' then 'failed' else 'unknown' end,
       delivery_error = coalesce(delivery_error, '{"kind": "not_sent"}'),
       status_changed_at = now()
     where turn_id = $1 and delivery_status in ('pending', 'sending')`,
    [turnId],
  );
}

/** A turn whose usage was logged keeps it: the model was paid although the reply did not go out. */
export async function releaseReservation(tenant: Tenant, turnId: string): Promise<boolean> {
  const released = await tenant.query(
    `with released as (
       update turns set usage_settled_at = now()
       where id = $1 and usage_settled_at is null and reserved_period is not null
       returning organization_id, reserved_period, reserved_tokens, reserved_cost_usd
     )
     update usage_summary s set
       messages_reserved = s.messages_reserved - 1,
       tokens_reserved = s.tokens_reserved - r.reserved_tokens,
       cost_reserved_usd = s.cost_reserved_usd - r.reserved_cost_usd
     from released r
     where s.organization_id = r.organization_id and s.period_start = r.reserved_period
     returning s.period_start`,
    [turnId],
  );
  return released.length > 0;
}
