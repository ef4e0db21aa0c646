import { maybeOne, type Tenant } from "../platform/postgres.ts";
import { TURN_COST_USD, TURN_TOKENS } from "./agent/stop_rules.ts";

/** What a turn took from its organization's quota; settled or released exactly once. */
export interface Reservation {
  /** first day of the billing period in the organization's time zone, "YYYY-MM-DD" */
  readonly period: string;
  readonly tokens: number;
  readonly costUsd: number;
}

/**
 * Reserves a message, and the tokens and the money that answering it may take, of the organization's quota. Undefined
 * when one of them is used up. One conditional update: however many turns ask at once, no more are let in than the
 * limits allow; of a limit that is smaller than a turn's budget, one at a time. The row stays locked until the
 * transaction ends.
 */
export async function reserveMessage(
  tenant: Tenant,
  period: string,
): Promise<Reservation | undefined> {
  if (await take(tenant, period)) return reservationOf(period);
  // refused, or the first of its period: then the row is made, by this turn or by one that is faster
  await tenant.query(
    `insert into usage_summary (organization_id, period_start) values ($1, $2) on conflict do nothing`,
    [tenant.organizationId, period],
  );
  return (await take(tenant, period)) ? reservationOf(period) : undefined;
}

function reservationOf(period: string): Reservation {
  return { period, tokens: TURN_TOKENS, costUsd: TURN_COST_USD };
}

async function take(tenant: Tenant, period: string): Promise<boolean> {
  const taken = await maybeOne(
    tenant,
    `update usage_summary s set
       messages_reserved = s.messages_reserved + 1,
       tokens_reserved = s.tokens_reserved + $3::bigint,
       cost_reserved_usd = s.cost_reserved_usd + $4::numeric
     from organizations o
     where s.organization_id = $1 and s.period_start = $2 and o.id = s.organization_id
       and (o.message_limit is null or s.messages_used + s.messages_reserved < o.message_limit)
       and (o.token_limit is null or s.tokens_used + s.tokens_reserved < o.token_limit
         and s.tokens_used + s.tokens_reserved <= greatest(o.token_limit - $3::bigint, 0))
       and (o.cost_limit_usd is null or s.cost_usd + s.cost_reserved_usd < o.cost_limit_usd
         and s.cost_usd + s.cost_reserved_usd <= greatest(o.cost_limit_usd - $4::numeric, 0))
     returning s.period_start`,
    [tenant.organizationId, period, TURN_TOKENS, TURN_COST_USD],
  );
  return taken !== undefined;
}
