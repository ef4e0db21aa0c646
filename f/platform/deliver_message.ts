import { type Database, maybeOne, one, type Tenant, withTenant } from "./postgres.ts";
import { type Sending, sendMessage } from "./send_message.ts";
import { TURN_LEASE } from "./turn_lease.ts";
import type { WhatsAppFor } from "./whatsapp_numbers.ts";

/** One message of a turn's reply, claimed under the turn's fence. */
export interface ReplyPart {
  readonly organizationId: string;
  readonly turnId: string;
  readonly fence: number;
  readonly part: number;
}

/**
 * withheld: the contact was blocked, or a person took the conversation over, before it was sent.
 * already: an earlier attempt, or another one that is at it, got this far; it is not sent again.
 */
export type Delivery =
  | { readonly outcome: "accepted"; readonly wamid: string }
  | { readonly outcome: "superseded" }
  | { readonly outcome: "withheld"; readonly reason: "manual" | "blocked" }
  | { readonly outcome: "already"; readonly deliveryStatus: string };

/**
 * Sends one message, at most once: commits `sending`, calls WhatsApp, commits what came of it.
 * Throws what sendMessage throws.
 */
export async function deliverMessage(
  database: Database,
  whatsAppFor: WhatsAppFor,
  reply: ReplyPart,
): Promise<Delivery> {
  const claim = await withTenant(database, reply.organizationId, (tenant) =>
    claimPart(tenant, reply),
  );
  if ("outcome" in claim) return claim;
  return { outcome: "accepted", wamid: await sendMessage(database, whatsAppFor, claim) };
}

/**
 * Fence, takeover and block are checked in the statement that commits `sending`. It locks contact, turn and
 * message in this order, as every claim of a turn does; the lease is lengthened because waiting for a throttle
 * to pass (4 + 16 + 64 s) outlasts it.
 */
async function claimPart(tenant: Tenant, reply: ReplyPart): Promise<Sending | Delivery> {
  const claimed = await maybeOne<Sending>(
    tenant,
    `with contact as materialized (
       select c.id, c.phone, c.bsuid from contacts c join turns t on t.contact_id = c.id
       where t.id = $1 and c.conversation_mode = 'auto' and not c.is_blocked
       for share of c
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
     returning m.id, m.body, m.attempts, m.delivery_key, contact.phone, contact.bsuid,
       m.organization_id, m.chatbot_id, b.phone_number_id, b.whatsapp_access_token`,
    [reply.turnId, reply.fence, reply.part, TURN_LEASE],
  );
  return claimed ?? whyNotClaimed(tenant, reply);
}

async function whyNotClaimed(tenant: Tenant, reply: ReplyPart): Promise<Delivery> {
  const seen = await one<{
    is_ours: boolean;
    conversation_mode: "auto" | "manual";
    is_blocked: boolean;
    delivery_status: string;
  }>(
    tenant,
    `select t.fence = $2 and t.status = 'replying' as is_ours,
       c.conversation_mode, c.is_blocked, m.delivery_status
     from messages m join turns t on t.id = m.turn_id join contacts c on c.id = m.contact_id
     where m.turn_id = $1 and m.part = $3`,
    [reply.turnId, reply.fence, reply.part],
  );
  if (seen.delivery_status !== "pending") {
    return { outcome: "already", deliveryStatus: seen.delivery_status };
  }
  if (!seen.is_ours) return { outcome: "superseded" };
  const reason = seen.is_blocked ? "blocked" : seen.conversation_mode;
  // what kept it from being claimed has passed since, such as another copy's attempt: that copy's retry sends it
  if (reason === "auto") return { outcome: "already", deliveryStatus: seen.delivery_status };
  await tenant.query(
    `update messages set delivery_status = 'failed', status_changed_at = now(), delivery_error = $3
     where turn_id = $1 and part = $2 and delivery_status = 'pending'`,
    [reply.turnId, reply.part, JSON.stringify({ reason })],
  );
  return { outcome: "withheld", reason };
}
