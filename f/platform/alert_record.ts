import { maskSecrets } from "./mask.ts";
import { type Database, maybeOne, one, type Tenant } from "./postgres.ts";

export interface Alert {
  readonly severity: "critical" | "error" | "warning" | "info";
  /** what happened, in a word: step_failed, … */
  readonly kind: string;
  /** one alert per key: a job that runs twice reports once */
  readonly alertKey: string;
  /** what makes two alerts the same, within an organization; left out: nothing does, and each is told */
  readonly fingerprint?: string;
  readonly summary: string;
  readonly details: Readonly<Record<string, string | number | null>>;
  readonly flowJobId: string | null;
  readonly turnId: string | null;
}

/** new: somebody is to be told. told: an earlier run did. repeated: it says the same as one that was told lately. */
export interface Recorded {
  readonly state: "new" | "told" | "repeated";
  /** the alert, new as well, that there are many of this kind */
  readonly escalation: Alert | undefined;
}

/** Shorter, and a fault of an hour fills the channel; longer, and a new fault hides behind the old one. */
const SAME_FOR = "15 minutes";
const MANY = 3;
const MANY_WITHIN = "5 minutes";

/** Writes a masked alert once, and another one when its kind becomes frequent. */
export async function recordOnce(tenant: Tenant, alert: Alert): Promise<Recorded> {
  const fingerprint = alert.fingerprint ?? alert.alertKey;
  // two at once would both find nobody told; held to the end of the transaction
  await tenant.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
    `system_alerts:${tenant.organizationId}:${alert.kind}`,
  ]);
  const known = await maybeOne<{ is_told: boolean; is_repeat: boolean }>(
    tenant,
    `select slack_posted_at is not null as is_told, repeats_alert_id is not null as is_repeat
     from system_alerts where alert_key = $1`,
    [alert.alertKey],
  );
  if (known) {
    const state = known.is_repeat ? "repeated" : known.is_told ? "told" : "new";
    return { state, escalation: undefined };
  }
  const first = await maybeOne<{ id: number }>(
    tenant,
    `select id from system_alerts
     where fingerprint = $1 and repeats_alert_id is null and created_at > now() - $2::interval
     order by created_at limit 1`,
    [fingerprint, SAME_FOR],
  );
  await writeAlert(tenant, tenant.organizationId, { ...alert, fingerprint }, first?.id ?? null);
  return { state: first ? "repeated" : "new", escalation: await escalate(tenant, alert) };
}

/** Three of a kind in five minutes are no accident any more: one critical alert says so, once in a while. */
async function escalate(tenant: Tenant, alert: Alert): Promise<Alert | undefined> {
  if (alert.severity === "info") return undefined;
  const fingerprint = `escalation:${alert.kind}`;
  const { recent, is_escalated } = await one<{ recent: number; is_escalated: boolean }>(
    tenant,
    `select
       (select count(*)::int from system_alerts where kind = $1 and created_at > now() - $2::interval) as recent,
       exists (
         select from system_alerts where fingerprint = $3 and created_at > now() - $4::interval
       ) as is_escalated`,
    [alert.kind, MANY_WITHIN, fingerprint, SAME_FOR],
  );
  if (recent < MANY || is_escalated) return undefined;
  const escalation: Alert = {
    severity: "critical",
    kind: "escalation",
    alertKey: `${fingerprint}:${alert.alertKey}`,
    fingerprint,
    summary: `${recent} alerts of the kind ${alert.kind} in ${MANY_WITHIN}. The last one: ${alert.summary}`,
    details: alert.details,
    flowJobId: alert.flowJobId,
    turnId: alert.turnId,
  };
  await writeAlert(tenant, tenant.organizationId, { ...escalation, fingerprint }, null);
  return escalation;
}

export async function writeAlert(
  queryable: Database | Tenant,
  organizationId: string | null,
  alert: Alert,
  repeatsAlertId: number | null,
): Promise<void> {
  // no "(alert_key)": naming it would ask for the right to see the row, which nobody has without an organization
  await queryable.query(
    `insert into system_alerts
       (organization_id, severity, kind, alert_key, summary, details, flow_job_id, turn_id, fingerprint,
        repeats_alert_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
      alert.fingerprint ?? alert.alertKey,
      repeatsAlertId,
    ],
  );
}

export function maskAlert(alert: Alert): Alert {
  const details = Object.entries(alert.details).map(([name, value]) => [
    name,
    typeof value === "string" ? maskSecrets(value) : value,
  ]);
  return { ...alert, summary: maskSecrets(alert.summary), details: Object.fromEntries(details) };
}
