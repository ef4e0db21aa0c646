import { raiseAlert } from "../platform/alerts.ts";
import { maybeOne, type Tenant, withTenant } from "../platform/postgres.ts";
import { alertAbout, type Recover } from "./recovery.ts";

/**
 * How often WhatsApp may be given a message without our hearing whether it took it. A second time because a contact
 * who is not answered is lost; no third, because each may have arrived.
 */
const MAX_UNHEARD_ATTEMPTS = 2;

/**
 * Settles a message that hangs. Nobody is sending it any more: it is unknown. No status webhook settled that either,
 * though webhooks come: it waits to be sent once more, by the flow that goes on with its turn. After that, or when
 * its turn has ended or its contact is not to be answered, it has failed. A late status webhook still says so, should
 * any attempt have arrived: all carry the same key.
 */
export const recoverDelivery: Recover = async (database, clients, { organization_id, id }) => {
  const overdue = await withTenant(database, organization_id, async (tenant) => {
    const found = await lockOverdue(tenant, id);
    if (found?.delivery_status === "sending") await doubt(tenant, id);
    else if (found?.may_be_sent_again) await sendAgain(tenant, id, found.turn_id);
    return found;
  });
  if (!overdue) return "untouched";
  if (overdue.delivery_status === "sending") return "deliveries_unknown";
  if (overdue.may_be_sent_again) return "deliveries_resent";
  await raiseAlert(
    database,
    organization_id,
    clients.postToSlack,
    alertAbout("delivery_unconfirmed", id, {
      severity: "warning",
      summary:
        "WhatsApp never confirmed a message: it counts as not delivered and is not sent again.",
      turnId: overdue.turn_id,
    }),
  );
  const settled = await withTenant(database, organization_id, (tenant) =>
    maybeOne(
      tenant,
      `update messages m set delivery_status = 'failed', status_changed_at = now(),
         delivery_error = '{"kind": "unconfirmed"}'
       where m.id = $1 and m.delivery_status = 'unknown' and ${IS_OVERDUE}
       returning m.id`,
      [id],
    ),
  );
  return settled ? "deliveries_failed" : "untouched";
};

const IS_OVERDUE =
  "is_delivery_overdue(m.organization_id, m.chatbot_id, m.delivery_status, m.status_changed_at)";

interface Overdue {
  readonly delivery_status: "sending" | "unknown";
  readonly turn_id: string | null;
  readonly may_be_sent_again: boolean;
}

/** Locks contact, turn and message in this order, as whoever sends does. */
async function lockOverdue(tenant: Tenant, id: string | number): Promise<Overdue | undefined> {
  const contact = await maybeOne<{ is_answered: boolean }>(
    tenant,
    `select c.conversation_mode = 'auto' and not c.is_blocked as is_answered
     from messages m join contacts c on c.id = m.contact_id where m.id = $1 for share of c`,
    [id],
  );
  const liveTurn = await maybeOne(
    tenant,
    `select t.id from messages m join turns t on t.id = m.turn_id
     where m.id = $1 and t.status = 'replying' for update of t`,
    [id],
  );
  return maybeOne<Overdue>(
    tenant,
    `select m.delivery_status, m.turn_id, $2 and m.unheard_attempts < $3 as may_be_sent_again
     from messages m where m.id = $1 and ${IS_OVERDUE} for update`,
    [id, contact?.is_answered === true && liveTurn !== undefined, MAX_UNHEARD_ATTEMPTS],
  );
}

/** Its clock runs from the call on: a status webhook could have come since then. */
async function doubt(tenant: Tenant, id: string | number): Promise<void> {
  await tenant.query(
    `update messages set delivery_status = 'unknown', unheard_attempts = unheard_attempts + 1,
       delivery_error = '{"kind": "unknown", "details": "its sender ended while it was sending"}'
     where id = $1`,
    [id],
  );
}

/** Its turn has all its tries again: none of those it had could have sent the message. */
async function sendAgain(
  tenant: Tenant,
  id: string | number,
  turnId: string | null,
): Promise<void> {
  await tenant.query(
    "update messages set delivery_status = 'pending', status_changed_at = now() where id = $1",
    [id],
  );
  await tenant.query(
    "update turns set lease_expires_at = now(), recoveries = 0, recovered_at = null where id = $1",
    [turnId],
  );
}
