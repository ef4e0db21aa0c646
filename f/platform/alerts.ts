import { maskSecrets } from "./mask.ts";
import { type Database, one, type Tenant, withTenant } from "./postgres.ts";
import { escapeForSlack, type PostToSlack, SlackPostError } from "./slack.ts";

export interface Alert {
  readonly severity: "critical" | "error" | "warning" | "info";
  /** what happened, in a word: step_failed, … */
  readonly kind: string;
  /** one alert per key: a job that runs twice reports once */
  readonly alertKey: string;
  readonly summary: string;
  readonly details: Readonly<Record<string, string | number | null>>;
  readonly flowJobId: string | null;
  readonly turnId: string | null;
}

/** Whether somebody was told: `already` by an earlier run, `no_slack` when the installation has none. */
export type Told = "posted" | "already" | "no_slack" | "slack_down";

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
  const masked = mask(alert);
  if (organizationId === null) {
    // row-level security hides it from every tenant, so whether it was posted before cannot be asked
    await insertAlert(database, null, masked);
    return post(postToSlack, masked);
  }
  const isTold = await withTenant(database, organizationId, async (tenant) => {
    await insertAlert(tenant, organizationId, masked);
    return isPosted(tenant, masked.alertKey);
  });
  if (isTold) return "already";
  const told = await post(postToSlack, masked);
  if (told === "posted") {
    await withTenant(database, organizationId, (tenant) => notePosted(tenant, masked.alertKey));
  }
  return told;
}

/** Writes the alert with what it is about, in one transaction. raiseAlert tells Slack of it afterwards. */
export async function recordAlert(tenant: Tenant, alert: Alert): Promise<void> {
  await insertAlert(tenant, tenant.organizationId, mask(alert));
}

async function post(postToSlack: PostToSlack | undefined, alert: Alert): Promise<Told> {
  if (!postToSlack) return "no_slack";
  try {
    await postToSlack(slackText(alert));
    return "posted";
  } catch (error) {
    if (!(error instanceof SlackPostError)) throw error;
    console.warn(error.message);
    return "slack_down";
  }
}

function mask(alert: Alert): Alert {
  const details = Object.entries(alert.details).map(([name, value]) => [
    name,
    typeof value === "string" ? maskSecrets(value) : value,
  ]);
  return { ...alert, summary: maskSecrets(alert.summary), details: Object.fromEntries(details) };
}

async function insertAlert(
  queryable: Database | Tenant,
  organizationId: string | null,
  alert: Alert,
): Promise<void> {
  // no "(alert_key)": naming it would ask for the right to see the row, which nobody has without an organization
  await queryable.query(
    `insert into system_alerts
       (organization_id, severity, kind, alert_key, summary, details, flow_job_id, turn_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict do nothing`,
    [
      organizationId,
      alert.severity,
      alert.kind,
      alert.alertKey,
      alert.summary,
      JSON.stringify(alert.details),
      alert.flowJobId,
      alert.turnId,
    ],
  );
}

async function isPosted(tenant: Tenant, alertKey: string): Promise<boolean> {
  const { posted } = await one<{ posted: boolean }>(
    tenant,
    "select slack_posted_at is not null as posted from system_alerts where alert_key = $1",
    [alertKey],
  );
  return posted;
}

async function notePosted(tenant: Tenant, alertKey: string): Promise<void> {
  await tenant.query(
    "update system_alerts set slack_posted_at = now() where alert_key = $1 and slack_posted_at is null",
    [alertKey],
  );
}

function slackText({ severity, summary, details }: Alert): string {
  const lines = Object.entries(details).map(([name, value]) => `• ${name}: ${value ?? "–"}`);
  return escapeForSlack([`[${severity}] ${summary}`, ...lines].join("\n"));
}
