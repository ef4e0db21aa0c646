import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { forEachOrganization } from "./each_organization.ts";

export interface OpenedPeriods {
  /** first day of the period, "YYYY-MM-DD" */
  readonly opened: readonly { readonly organization_id: string; readonly period_start: string }[];
}

/** Opens the billing period of each organization where it has begun; a second run changes nothing. */
export async function main(db: Postgresql): Promise<OpenedPeriods> {
  return withDb(db, resetBillingPeriods);
}

export async function resetBillingPeriods(database: Database): Promise<OpenedPeriods> {
  const opened: OpenedPeriods["opened"][number][] = [];
  await forEachOrganization(database, "Opening the billing period", async (tenant) => {
    opened.push(
      ...(await many<OpenedPeriods["opened"][number]>(
        tenant,
        "select organization_id, period_start from reset_billing_period()",
      )),
    );
  });
  return { opened };
}
