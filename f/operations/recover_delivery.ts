import { raiseAlert } from "../platform/alerts.ts";
import { maybeOne, withTenant } from "../platform/postgres.ts";
import { alertAbout, type Recover } from "./recovery.ts";

/**
 * Settles a message that hangs. Nobody is sending it any more: it is unknown. No status webhook settled that either:
 * it has failed, and is never sent again, because a contact who gets no answer asks again, while one who gets it
 * twice cannot undo it. Should WhatsApp have delivered it after all, its late status webhook still says so.
 */
export const recoverDelivery: Recover = async (database, clients, { organization_id, id }) => {
  const overdue = await withTenant(database, organization_id, async (tenant) => {
    const delivery = await maybeOne<{ turn_id: string | null; delivery_status: string }>(
      tenant,
      `select turn_id, delivery_status from messages
       where id = $1 and is_delivery_overdue(delivery_status, status_changed_at) for update`,
      [id],
    );
    if (delivery?.delivery_status !== "sending") return delivery;
    await tenant.query(
      `update messages set delivery_status = 'unknown', status_changed_at = now(),
         delivery_error = '{"kind": "unknown", "details": "its sender ended while it was sending"}'
       where id = $1`,
      [id],
    );
    return delivery;
  });
  if (!overdue) return "untouched";
  if (overdue.delivery_status === "sending") return "deliveries_unknown";
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
      `update messages set delivery_status = 'failed', status_changed_at = now(),
         delivery_error = '{"kind": "unconfirmed"}'
       where id = $1 and is_delivery_overdue(delivery_status, status_changed_at) and delivery_status = 'unknown'
       returning id`,
      [id],
    ),
  );
  return settled ? "deliveries_failed" : "untouched";
};
