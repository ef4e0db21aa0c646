import type { Alert } from "../platform/alerts.ts";
import type { StartFlow } from "../platform/close_turn.ts";
import type { Database } from "../platform/postgres.ts";
import type { PostToSlack } from "../platform/slack.ts";
import type { WhatsAppFor } from "../platform/whatsapp_numbers.ts";

/** Something that hangs, as the finders of 0016_recovery.sql name it. */
export interface Stuck {
  readonly organization_id: string;
  readonly id: string | number;
}

export interface RecoveryClients {
  readonly startFlow: StartFlow;
  /** Starts f/knowledge/process_document and returns its job id. */
  startProcessing(knowledgeSourceId: string): Promise<string>;
  /** Starts f/operations/store_media and returns its job id. */
  startStoring(mediaId: number): Promise<string>;
  readonly postToSlack: PostToSlack | undefined;
  openWhatsApp(): Promise<WhatsAppFor>;
}

/** What became of everything that one run found; failed ones have their alert. */
export interface Recovered {
  readonly events_restarted: number;
  readonly events_failed: number;
  readonly turns_restarted: number;
  readonly turns_failed: number;
  readonly deliveries_unknown: number;
  readonly deliveries_resent: number;
  readonly deliveries_failed: number;
  readonly templates_sent: number;
  readonly templates_put_off: number;
  readonly templates_failed: number;
  readonly sources_restarted: number;
  readonly sources_failed: number;
  readonly media_restarted: number;
  readonly media_failed: number;
  /** another run was faster, or it went on by itself */
  readonly untouched: number;
}

export type Recover = (
  database: Database,
  clients: RecoveryClients,
  stuck: Stuck,
) => Promise<keyof Recovered>;

/** Starts of the flow for one event or turn: about an hour, since is_recovery_due doubles the pause. */
export const MAX_RECOVERIES = 5;

export function alertAbout(
  kind: string,
  id: string | number,
  alert: Pick<Alert, "severity" | "summary"> & Partial<Pick<Alert, "turnId" | "details">>,
): Alert {
  return {
    kind,
    alertKey: `${kind}:${id}`,
    // an outage leaves hundreds of one kind behind, and the first one says what to look at
    fingerprint: kind,
    flowJobId: null,
    turnId: null,
    ...alert,
    details: { id, ...alert.details },
  };
}
