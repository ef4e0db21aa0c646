import * as wmill from "windmill-client";
import { raiseAlert } from "../platform/alerts.ts";
import { releaseReservation } from "../platform/close_turn.ts";
import {
  type Database,
  many,
  maybeOne,
  type Postgresql,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { type PostToSlack, slackAt, untilItFails } from "../platform/slack.ts";
import { startScript } from "../platform/windmill.ts";

export interface SettledReservations {
  /** turns that a model answered: log_usage was started for them */
  readonly logging: number;
  /** turns that used nothing, or whose usage cannot be logged */
  readonly released: number;
}

export interface SettleClients {
  /** Starts f/chat/log_usage and returns its job id. */
  startLogging(turn: { turn_id: string; fence: number }): Promise<string>;
  readonly postToSlack: PostToSlack | undefined;
}

const BATCH = 100;

/** Every ten minutes: settles the reservations of finished turns that died before they had. */
export async function main(db: Postgresql): Promise<SettledReservations> {
  const slack = slackAt(await wmill.getVariable("f/platform/slack_webhook_url"));
  const clients: SettleClients = {
    startLogging: (turn) =>
      startScript("f/chat/log_usage", { ...turn, db: "$res:f/platform/postgres" }),
    postToSlack: slack && untilItFails(slack),
  };
  return withDb(db, (database) => settleReservations(database, clients));
}

interface Lost {
  readonly organization_id: string;
  readonly id: string;
}

export async function settleReservations(
  database: Database,
  clients: SettleClients,
): Promise<SettledReservations> {
  const done = { logging: 0, released: 0, untouched: 0 };
  const found = await many<Lost>(
    database,
    "select organization_id, id from lost_reservations($1)",
    [BATCH],
  );
  for (const lost of found) done[await settle(database, clients, lost)] += 1;
  return { logging: done.logging, released: done.released };
}

async function settle(
  database: Database,
  clients: SettleClients,
  { organization_id, id }: Lost,
): Promise<"logging" | "released" | "untouched"> {
  const turn = await withTenant(database, organization_id, (tenant) =>
    maybeOne<{ fence: number; is_answered: boolean; is_hopeless: boolean }>(
      tenant,
      // a day of runs, of which each has tried three times
      `select fence, (reply_kind = 'answer') is true as is_answered,
         finished_at < now() - interval '1 day' as is_hopeless
       from turns where id = $1 and usage_settled_at is null`,
      [id],
    ),
  );
  if (!turn) return "untouched";
  if (turn.is_answered && !turn.is_hopeless) {
    await clients.startLogging({ turn_id: id, fence: turn.fence });
    return "logging";
  }
  const isReleased = await withTenant(database, organization_id, (tenant) =>
    releaseReservation(tenant, id),
  );
  if (turn.is_answered) await alertUnlogged(database, clients, { organization_id, id });
  return isReleased ? "released" : "untouched";
}

async function alertUnlogged(
  database: Database,
  { postToSlack }: SettleClients,
  { organization_id, id }: Lost,
): Promise<void> {
  await raiseAlert(database, organization_id, postToSlack, {
    severity: "error",
    kind: "usage_not_logged",
    alertKey: `usage_not_logged:${id}`,
    summary:
      "What a turn used is not in the ledger: log_usage failed for a day. Its reservation was released; look at the failed runs of f/chat/log_usage.",
    details: { turn_id: id },
    flowJobId: null,
    turnId: id,
  });
}
