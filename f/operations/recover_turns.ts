import { startProcessing } from "../knowledge/upload_document.ts";
import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { slackAt, untilItFails } from "../platform/slack.ts";
import { startStoring } from "../platform/start_storing.ts";
import { readWhatsApp } from "../platform/whatsapp_numbers.ts";
import { startFlow } from "../platform/windmill.ts";
import { readVariable } from "../platform/windmill_values.ts";
import { recoverDelivery } from "./recover_delivery.ts";
import { recoverEvent } from "./recover_event.ts";
import { recoverMedia } from "./recover_media.ts";
import { recoverSource } from "./recover_source.ts";
import { recoverTemplate } from "./recover_template.ts";
import { recoverTurn } from "./recover_turn.ts";
import type { Recover, Recovered, RecoveryClients, Stuck } from "./recovery.ts";

/** Some could not be dealt with; the others were. Each is found again, until its tries are used up. */
export class RecoveryIncompleteError extends Error {
  override readonly name = "RecoveryIncompleteError";
  readonly recovered: Recovered;

  constructor(recovered: Recovered, failures: readonly Error[]) {
    const reasons = new Set(failures.map(({ message }) => message));
    super(`${failures.length} could not be recovered: ${[...reasons].join(" ")}`, {
      cause: new AggregateError(failures),
    });
    this.recovered = recovered;
  }
}

/** Of each kind and run: starting a flow takes some 20 ms, and the next run is a minute away. */
const BATCH = 100;

/** Deliveries first: the turn of one that is settled can go on in the same run. What waits for WhatsApp last. */
const SWEEPS: readonly (readonly [find: string, recover: Recover])[] = [
  ["select organization_id, id from overdue_deliveries($1)", recoverDelivery],
  ["select organization_id, id from abandoned_turns($1)", recoverTurn],
  ["select organization_id, id from unclaimed_webhook_events($1)", recoverEvent],
  ["select organization_id, id from stalled_knowledge_sources($1)", recoverSource],
  ["select organization_id, id from unstored_media($1)", recoverMedia],
  ["select organization_id, id from late_refusals($1)", recoverTemplate],
];

/** Each minute: goes on with what died, or ends it with an alert. Two copies at once do no harm. */
export async function main(db: Postgresql): Promise<Recovered> {
  const slack = slackAt(await readVariable("f/platform/slack_webhook_url"));
  const postToSlack = slack && untilItFails(slack);
  return withDb(db, (database) =>
    recoverTurns(database, {
      startFlow,
      startProcessing,
      startStoring,
      postToSlack,
      openWhatsApp: readWhatsApp,
    }),
  );
}

export async function recoverTurns(
  database: Database,
  clients: RecoveryClients,
): Promise<Recovered> {
  const recovered = { ...NOTHING };
  const failures: Error[] = [];
  for (const [find, recover] of SWEEPS) {
    for (const stuck of await many<Stuck>(database, find, [BATCH])) {
      try {
        recovered[await recover(database, clients, stuck)] += 1;
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
  if (failures.length > 0) throw new RecoveryIncompleteError(recovered, failures);
  return recovered;
}

const NOTHING: Recovered = {
  events_restarted: 0,
  events_failed: 0,
  turns_restarted: 0,
  turns_failed: 0,
  deliveries_unknown: 0,
  deliveries_resent: 0,
  deliveries_failed: 0,
  templates_sent: 0,
  templates_put_off: 0,
  templates_failed: 0,
  sources_restarted: 0,
  sources_failed: 0,
  media_restarted: 0,
  media_failed: 0,
  untouched: 0,
};
