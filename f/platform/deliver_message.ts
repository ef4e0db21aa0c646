import { type Database, maybeOne, one, type Tenant, withTenant } from "./postgres.ts";
import { IS_TOKEN_USABLE, isWindowOpen, type Sending, sendMessage } from "./send_message.ts";
import { countTowardsPace, whenPaceAllows } from "./sending_pace.ts";
import { TURN_LEASE } from "./turn_lease.ts";
import { WindowClosedError } from "./whatsapp_errors.ts";
import type { WhatsAppFor } from "./whatsapp_numbers.ts";

/** One message of a turn's reply, claimed under the turn's fence. */
export interface ReplyPart {
  readonly organizationId: string;
  readonly turnId: string;
  readonly fence: number;
  readonly part: number;
}

/**
 * withheld: the contact was blocked, or a person took the conversation over, before it was sent. token_refused: it
 * waits until the chatbot has another access token than the one that Meta refused.
 * already: an earlier attempt, or another one that is at it, got this far; it is not sent again.
 */
export type Delivery =
  | { readonly outcome: "accepted"; readonly wamid: string }
  | { readonly outcome: "superseded" }
  | { readonly outcome: "withheld"; readonly reason: "manual" | "blocked" | "token_refused" }
  | { readonly outcome: "already"; readonly deliveryStatus: string };

/**
 * Sends one message, at most once: commits `sending`, calls WhatsApp, commits what came of it.
 * Throws what sendMessage throws, WindowClosedError (the message is `failed`) and SendingTooFastError (`pending`).
 */
export async function deliverMessage(
  database: Database,
  whatsAppFor: WhatsAppFor,
  reply: ReplyPart,
): Promise<Delivery> {
  const claim = await whenPaceAllows(() =>
    withTenant(database, reply.organizationId, (tenant) => claimPart(tenant, reply)),
  );
  if ("outcome" in claim) return claim;
  if (!isSendable(claim)) throw new WindowClosedError(claim.chatbot_id);
  return { outcome: "accepted", wamid: await sendMessage(database, whatsAppFor, claim) };
}

const isSendable = ({ is_window_open, reply_template_name }: Sending) =>
  is_window_open || reply_template_name !== null;

/**
 * The chatbot's own notice that a person goes on, unless one has written since, in the WhatsApp Business app. Giving
 * the conversation back ends it, too.
 */
const IS_NOTICE = `(t.hands_over and not exists (
  select from messages u where u.contact_id = t.contact_id and u.author = 'user' and u.id > (
    select max(q.id) from messages q where q.turn_id = t.id and q.author = 'contact'
  )
))`;

/**
 * Fence, takeover and block are checked in the statement that commits `sending`. It locks contact, turn and
 * message in this order, as every claim of a turn does, and the contact as countTowardsPace needs it. The lease is
 * lengthened because waiting for a throttle to pass (4 + 16 + 64 s) outlasts it.
 */
async function claimPart(tenant: Tenant, reply: ReplyPart): Promise<Sending | Delivery> {
  const claimed = await maybeOne<Sending>(
    tenant,
    `with contact as materialized (
       select c.id, c.phone, c.bsuid from contacts c join turns t on t.contact_id = c.id
       where t.id = $1 and (c.conversation_mode = 'auto' or ${IS_NOTICE}) and not c.is_blocked
       for no key update of c
     ),
     turn as (
       update turns t set lease_expires_at = now() + $4::interval
       from contact
       where t.id = $1 and t.fence = $2 and t.status = 'replying' and t.contact_id = contact.id
       returning t.id
     )
     update messages m
     set delivery_status = 'sending', attempts = m.attempts + 1, status_changed_at = now()
     from turn, contact, chatbots b
     where m.turn_id = turn.id and m.part = $3 and m.delivery_status = 'pending' and b.id = m.chatbot_id
       and ${IS_TOKEN_USABLE}
     returning m.id, m.body, m.attempts, m.delivery_key, contact.phone, contact.bsuid,
       m.organization_id, m.chatbot_id, m.contact_id, b.phone_number_id, b.whatsapp_access_token,
       b.reply_template_name, b.reply_template_language, ${isWindowOpen("m.contact_id")} as is_window_open,
       (select e.traceparent from webhook_events e where e.turn_id = m.turn_id order by e.id limit 1) as traceparent`,
    [reply.turnId, reply.fence, reply.part, TURN_LEASE],
  );
  if (!claimed) return whyNotClaimed(tenant, reply);
  if (isSendable(claimed)) await countTowardsPace(tenant, claimed);
  else await fail(tenant, reply, "sending", { kind: "window_closed" });
  return claimed;
}

async function whyNotClaimed(tenant: Tenant, reply: ReplyPart): Promise<Delivery> {
  const seen = await one<{
    is_ours: boolean;
    conversation_mode: "auto" | "manual";
    is_blocked: boolean;
    delivery_status: string;
    is_token_refused: boolean;
  }>(
    tenant,
    `select t.fence = $2 and t.status = 'replying' as is_ours,
       case when ${IS_NOTICE} then 'auto' else c.conversation_mode end as conversation_mode,
       c.is_blocked, m.delivery_status,
       not ${IS_TOKEN_USABLE} as is_token_refused
     from messages m join turns t on t.id = m.turn_id join contacts c on c.id = m.contact_id
     join chatbots b on b.id = m.chatbot_id
     where m.turn_id = $1 and m.part = $3`,
    [reply.turnId, reply.fence, reply.part],
  );
  if (seen.delivery_status !== "pending") {
    return { outcome: "already", deliveryStatus: seen.delivery_status };
  }
  if (!seen.is_ours) return { outcome: "superseded" };
  const reason = seen.is_blocked ? "blocked" : seen.conversation_mode;
  if (reason === "auto" && seen.is_token_refused) {
    return { outcome: "withheld", reason: "token_refused" };
  }
  // what kept it from being claimed has passed since, such as another copy's attempt: that copy's retry sends it
  if (reason === "auto") return { outcome: "already", deliveryStatus: seen.delivery_status };
  await fail(tenant, reply, "pending", { reason });
  return { outcome: "withheld", reason };
}

async function fail(tenant: Tenant, reply: ReplyPart, from: string, error: object): Promise<void> {
  await tenant.query(
    `update messages set delivery_status = 'failed', status_changed_at = now(), delivery_error = $4
     where turn_id = $1 and part = $2 and delivery_status = $3`,
    [reply.turnId, reply.part, from, JSON.stringify(error)],
  );
}
