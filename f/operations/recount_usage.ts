import * as wmill from "windmill-client";
import { type Alert, raiseAlert, recordAlert } from "../platform/alerts.ts";
import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { type PostToSlack, slackAt, untilItFails } from "../platform/slack.ts";
import { forEachOrganization } from "./each_organization.ts";

export interface Recounted {
  readonly corrected: readonly Difference[];
}

interface Difference {
  readonly organization_id: string;
  /** "YYYY-MM-DD" */
  readonly period_start: string;
  readonly counted: Readonly<Record<string, number>>;
  readonly recounted: Readonly<Record<string, number>>;
}

/** Each night: makes the counters of usage what the ledger says, and alerts about each that was not. */
export async function main(db: Postgresql): Promise<Recounted> {
  const slack = slackAt(await wmill.getVariable("f/platform/slack_webhook_url"));
  return withDb(db, (database) => recountUsage(database, slack && untilItFails(slack), new Date()));
}

export async function recountUsage(
  database: Database,
  postToSlack: PostToSlack | undefined,
  today: Date,
): Promise<Recounted> {
  const corrected: Difference[] = [];
  await forEachOrganization(database, "Recounting usage", async (tenant) => {
    const found = await many<Difference>(
      tenant,
      "select organization_id, period_start, counted, recounted from recount_usage()",
    );
    for (const difference of found) await recordAlert(tenant, alertAbout(difference, today));
    corrected.push(...found);
  });
  for (const difference of corrected) {
    const alert = alertAbout(difference, today);
    await raiseAlert(database, difference.organization_id, postToSlack, alert);
  }
  return { corrected };
}

function alertAbout(difference: Difference, today: Date): Alert {
  const { organization_id, period_start, counted, recounted } = difference;
  const wrong = Object.keys(recounted).filter((name) => counted[name] !== recounted[name]);
  return {
    severity: "error",
    kind: "usage_miscounted",
    alertKey: `usage_miscounted:${organization_id}:${period_start}:${today.toISOString().slice(0, 10)}`,
    summary: "The counters of usage differed from the ledger and were corrected.",
    details: {
      organization_id,
      period: period_start,
      ...Object.fromEntries(wrong.map((name) => [name, `${counted[name]} → ${recounted[name]}`])),
    },
    flowJobId: null,
    turnId: null,
  };
}
