import { raiseAlert } from "../platform/alerts.ts";
import { closeTurn, FLOW_PATH } from "../platform/close_turn.ts";
import { type Database, maybeOne, withTenant } from "../platform/postgres.ts";
import { TURN_LEASE } from "../platform/turn_lease.ts";
import { failTurn, type TurnInHand } from "./fail_turn.ts";
import {
  alertAbout,
  MAX_RECOVERIES,
  type Recover,
  type RecoveryClients,
  type Stuck,
} from "./recovery.ts";

/**
 * Starts the flow again for a turn whose flow is dead: load_context takes the turn over under a new fence and the
 * steps go on where the database says it stands. After the last try the turn ends.
 */
export const recoverTurn: Recover = async (database, clients, stuck) => {
  const turn = await withTenant(database, stuck.organization_id, (tenant) =>
    maybeOne<{ recoveries: number; webhook_event_id: number | null }>(
      tenant,
      `update turns t set recoveries = t.recoveries + 1, recovered_at = now()
       where t.id = $1 and t.status in ('generating', 'replying') and t.lease_expires_at < now()
         and is_recovery_due(t.recoveries, t.recovered_at) and not is_turn_in_doubt(t.id)
       returning t.recoveries, (
         select min(e.id) from webhook_events e where e.turn_id = t.id and e.status = 'processing'
       ) as webhook_event_id`,
      [stuck.id],
    ),
  );
  if (!turn) return "untouched";
  // without an event (they are kept for some weeks only) there is nothing to start the flow with
  if (turn.recoveries > MAX_RECOVERIES || turn.webhook_event_id === null) {
    return endTurn(database, clients, stuck);
  }
  await clients.startFlow(FLOW_PATH, { webhook_event_id: turn.webhook_event_id });
  return "turns_restarted";
};

/** Seizes the turn as a flow run would, so that no other copy or late job ends it, too. */
async function endTurn(database: Database, clients: RecoveryClients, stuck: Stuck) {
  const organizationId = stuck.organization_id;
  const turn = await withTenant(database, organizationId, (tenant) =>
    maybeOne<TurnInHand>(
      tenant,
      `update turns set fence = fence + 1, lease_expires_at = now() + $2::interval
       where id = $1 and status in ('generating', 'replying') and lease_expires_at < now()
       returning id, fence, reply_kind`,
      [stuck.id, TURN_LEASE],
    ),
  );
  if (!turn) return "untouched";
  const reason = `no flow finished the turn in ${MAX_RECOVERIES} more starts`;
  await raiseAlert(
    database,
    organizationId,
    clients.postToSlack,
    alertAbout("turn_abandoned", turn.id, {
      severity: "error",
      summary: `A turn is ended: ${reason}. Look at its failed flow runs.`,
      turnId: turn.id,
    }),
  );
  if (turn.reply_kind !== null && turn.reply_kind !== "error") {
    const { id: turnId, fence } = turn;
    await closeTurn(database, clients.startFlow, { organizationId, turnId, fence });
  } else {
    const failed = { organizationId, reason, isPassing: false };
    await failTurn(database, clients.openWhatsApp, clients.startFlow, turn, failed);
  }
  return "turns_failed";
}
