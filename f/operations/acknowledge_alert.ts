import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, maybeOne, one, type Postgresql, withDb } from "../platform/postgres.ts";

export interface Acknowledged {
  readonly outcome: "acknowledged" | "already_acknowledged";
  readonly alert_id: number;
}

/** No such alert in this organization. */
export class AlertNotFoundError extends Error {
  override readonly name = "AlertNotFoundError";
  readonly alertId: number;

  constructor(alertId: number) {
    super(`There is no alert ${alertId} in this organization. Look its id up in system_alerts.`);
    this.alertId = alertId;
  }
}

/** Marks an alert, and those that repeated it, as seen to. */
export async function main(
  organization_id: string,
  alert_id: number,
  db: Postgresql,
  user_id?: string,
): Promise<Acknowledged> {
  return withDb(db, (database) =>
    acknowledgeAlert(database, organization_id, alert_id, operatorOfJob(user_id)),
  );
}

export async function acknowledgeAlert(
  database: Database,
  organizationId: string,
  alertId: number,
  operator: Operator,
): Promise<Acknowledged> {
  const subject = { table: "system_alerts", id: String(alertId) };
  const act = { operator, action: "acknowledge_alert", subject } as const;
  const outcome = await actOn(database, organizationId, act, async (tenant, record) => {
    const alert = await maybeOne(tenant, "select id from system_alerts where id = $1", [alertId]);
    if (!alert) throw new AlertNotFoundError(alertId);
    const { acknowledged } = await one<{ acknowledged: number }>(
      tenant,
      `with acknowledged as (
         update system_alerts set acknowledged_at = now(), acknowledged_by = $2
         where (id = $1 or repeats_alert_id = $1) and acknowledged_at is null
         returning id
       )
       select count(*)::int as acknowledged from acknowledged`,
      [alertId, operator.userId],
    );
    if (acknowledged === 0) return "already_acknowledged";
    await record({ alerts: acknowledged });
    return "acknowledged";
  });
  return { outcome, alert_id: alertId };
}
