import { raiseAlert } from "../platform/alerts.ts";
import { FLOW_PATH } from "../platform/close_turn.ts";
import { maybeOne, withTenant } from "../platform/postgres.ts";
import { alertAbout, MAX_RECOVERIES, type Recover } from "./recovery.ts";

/**
 * Starts the flow for a message that none took: the ingress died, Windmill was away, or load_context fails with it.
 * After the last try it fails, so that what the contact writes next is no longer held up by it. Its flow may be
 * started by hand, and one that was only late still answers it.
 */
export const recoverEvent: Recover = async (database, clients, { organization_id, id }) => {
  const event = await withTenant(database, organization_id, (tenant) =>
    maybeOne<{ id: number; recoveries: number }>(
      tenant,
      `update webhook_events set recoveries = recoveries + 1, recovered_at = now()
       where id = $1 and status = 'received' and is_recovery_due(recoveries, recovered_at)
       returning id, recoveries`,
      [id],
    ),
  );
  if (!event) return "untouched";
  if (event.recoveries <= MAX_RECOVERIES) {
    // not under the ingress' job id: Windmill refuses that one if its job ran and died
    await clients.startFlow(FLOW_PATH, { webhook_event_id: event.id });
    return "events_restarted";
  }
  const what = `no flow took the message in ${MAX_RECOVERIES} starts`;
  await raiseAlert(
    database,
    organization_id,
    clients.postToSlack,
    alertAbout("event_not_taken", event.id, {
      severity: "error",
      summary: `A contact's message is not answered: ${what}. Look at its failed flow runs, then start the flow with webhook_event_id ${event.id}.`,
    }),
  );
  await withTenant(database, organization_id, (tenant) =>
    tenant.query(
      `update webhook_events set status = 'failed', error = $2, processed_at = now()
       where id = $1 and status = 'received'`,
      [event.id, what],
    ),
  );
  return "events_failed";
};
