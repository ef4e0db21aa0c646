import * as wmill from "windmill-client";
import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { type PostToSlack, SlackPostError, slackAt } from "../platform/slack.ts";
import { attachmentOf, headlineOf, type ToldAlert } from "../platform/slack_alert.ts";

export interface AlertsTold {
  readonly outcome: "told" | "no_slack" | "slack_down";
  readonly told: number;
}

/** Slack takes about one message a second for a channel; the next run is a minute away. */
const BATCH = 20;

/** Each minute: tells Slack what it did not take when it happened. */
export async function main(db: Postgresql): Promise<AlertsTold> {
  const postToSlack = slackAt(await wmill.getVariable("f/platform/slack_webhook_url"));
  if (!postToSlack) return { outcome: "no_slack", told: 0 };
  return withDb(db, (database) => tellAlerts(database, postToSlack));
}

export async function tellAlerts(
  database: Database,
  postToSlack: PostToSlack,
): Promise<AlertsTold> {
  const untold = await many<
    Omit<ToldAlert, "flowJobId"> & { alert_key: string; flow_job_id: string | null }
  >(
    database,
    "select alert_key, severity, summary, details, flow_job_id, repeats::int from untold_alerts($1)",
    [BATCH],
  );
  let told = 0;
  for (const { alert_key, flow_job_id, ...row } of untold) {
    const alert: ToldAlert = { ...row, flowJobId: flow_job_id };
    try {
      await postToSlack(headlineOf(alert), attachmentOf(alert));
    } catch (error) {
      if (!(error instanceof SlackPostError)) throw error;
      console.warn(error.message);
      return { outcome: "slack_down", told };
    }
    await database.query("select note_alert_told($1)", [alert_key]);
    told += 1;
  }
  return { outcome: "told", told };
}
