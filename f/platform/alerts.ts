import { type Alert, maskAlert, type Recorded, recordOnce, writeAlert } from "./alert_record.ts";
import { type Database, one, type Tenant, withTenant } from "./postgres.ts";
import { type PostToSlack, SlackPostError } from "./slack.ts";
import { attachmentOf, headlineOf } from "./slack_alert.ts";

export type { Alert } from "./alert_record.ts";

/**
 * Whether somebody was told: `already` by an earlier run, `repeated` when the same was told a few minutes ago,
 * `no_slack` when the installation has none, `slack_down` when tell_alerts will tell it later.
 */
export type Told = "posted" | "already" | "repeated" | "no_slack" | "slack_down";

/**
 * Writes the alert, then tells Slack, then notes that it was told. When Slack is down the row stands and says that
 * nobody was told: what the alert is about must not fail for it. Secrets and phone numbers are masked in both.
 */
export async function raiseAlert(
  database: Database,
  organizationId: string | null,
  postToSlack: PostToSlack | undefined,
  alert: Alert,
): Promise<Told> {
  const masked = maskAlert(alert);
  const { state, escalation } = await record(database, organizationId, masked);
  const told = state === "told" ? "already" : state;
  const answer = told === "new" ? await tell(database, postToSlack, masked) : told;
  if (escalation) await tell(database, postToSlack, escalation);
  return answer;
}

/** Writes the alert with what it is about, in one transaction. raiseAlert tells Slack of it afterwards. */
export async function recordAlert(tenant: Tenant, alert: Alert): Promise<void> {
  await recordOnce(tenant, maskAlert(alert));
}

function record(
  database: Database,
  organizationId: string | null,
  alert: Alert,
): Promise<Recorded> {
  if (organizationId !== null) {
    return withTenant(database, organizationId, (tenant) => recordOnce(tenant, alert));
  }
  return recordForInstallation(database, alert);
}

/** Row-level security hides it from every tenant, so nothing is asked of other alerts. */
async function recordForInstallation(database: Database, alert: Alert): Promise<Recorded> {
  await writeAlert(database, null, alert, null);
  const { is_told } = await one<{ is_told: boolean }>(
    database,
    "select is_alert_told($1) as is_told",
    [alert.alertKey],
  );
  return { state: is_told ? "told" : "new", escalation: undefined };
}

async function tell(
  database: Database,
  postToSlack: PostToSlack | undefined,
  alert: Alert,
): Promise<"posted" | "no_slack" | "slack_down"> {
  if (!postToSlack) return "no_slack";
  try {
    await postToSlack(headlineOf(alert), attachmentOf(alert));
  } catch (error) {
    if (!(error instanceof SlackPostError)) throw error;
    console.warn(error.message);
    return "slack_down";
  }
  await database.query("select note_alert_told($1)", [alert.alertKey]);
  return "posted";
}
