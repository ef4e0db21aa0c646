import { maybeOne, type Tenant } from "../platform/postgres.ts";

export interface Quota {
  /** first day of the billing period in the organization's time zone, "YYYY-MM-DD" */
  readonly period: string;
  readonly isReserved: boolean;
}

/**
 * Reserves one message of the organization's quota, if it has one left. One conditional update: however many
 * turns ask at once, no more are let in than the limit allows. The row stays locked until the transaction ends.
 */
export async function reserveMessage(tenant: Tenant, period: string): Promise<Quota> {
  await tenant.query(
    `insert into usage_summary (organization_id, period_start) values ($1, $2) on conflict do nothing`,
    [tenant.organizationId, period],
  );
  const reserved = await maybeOne(
    tenant,
    `update usage_summary s set messages_reserved = s.messages_reserved + 1
     from organizations o
     where s.organization_id = $1 and s.period_start = $2 and o.id = s.organization_id
       and (o.message_limit is null or s.messages_used + s.messages_reserved < o.message_limit)
       and (o.token_limit is null or s.tokens_used < o.token_limit)
     returning s.period_start`,
    [tenant.organizationId, period],
  );
  return { period, isReserved: reserved !== undefined };
}
