import * as z from "zod/v4";
import { costAt, type ModelPrice, type PriceOf } from "../platform/model_table.ts";
import {
  type Database,
  maybeOne,
  type Postgresql,
  type Tenant,
  withDb,
} from "../platform/postgres.ts";
import { pricesOf } from "./turn_prices.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";

/**
 * not_charged: the limit message, which used nothing. is_priced is false when a model is not in the price table and
 * what it did was logged as free.
 */
export type LoggedUsage =
  | { readonly outcome: "logged"; readonly turn_id: string; readonly is_priced: boolean }
  | { readonly outcome: "already_logged" | "not_charged" | "superseded"; readonly turn_id: string };

const modelUsage = z.object({
  model: z.string(),
  model_calls: z.int(),
  tool_calls: z.int(),
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  output_tokens: z.int(),
});
const turnUsage = z.object({
  input_tokens: z.int(),
  output_tokens: z.int(),
  models: z.array(modelUsage).min(1),
});

/** Step 3. Writes what the turn used into the ledger and settles its reservation. */
export async function main(turn_id: string, fence: number, db: Postgresql): Promise<LoggedUsage> {
  return withDb(db, (database) => logUsage(database, turn_id, fence));
}

export async function logUsage(
  database: Database,
  turnId: string,
  fence: number,
): Promise<LoggedUsage> {
  const { result } = await withTenantOfTurn(database, turnId, (tenant) =>
    settle(tenant, turnId, fence),
  );
  return result;
}

interface ChargedTurn {
  readonly reply_kind: string | null;
  readonly is_settled: boolean;
  readonly usage: unknown;
  readonly model_prices: unknown;
}

/** The turn's row is locked, so that of two copies of this job one finds it settled. */
async function settle(tenant: Tenant, turnId: string, fence: number): Promise<LoggedUsage> {
  const turn = await maybeOne<ChargedTurn>(
    tenant,
    `select t.reply_kind, t.usage, t.usage_settled_at is not null as is_settled, b.model_prices
     from turns t join chatbots b on b.id = t.chatbot_id
     where t.id = $1 and t.fence = $2 for update of t`,
    [turnId, fence],
  );
  if (!turn) return { outcome: "superseded", turn_id: turnId };
  if (turn.is_settled) return { outcome: "already_logged", turn_id: turnId };
  if (turn.reply_kind !== "answer") return { outcome: "not_charged", turn_id: turnId };
  const usage = turnUsage.parse(turn.usage);
  const priceOf = pricesOf(turn.model_prices);
  const bills = usage.models.map((used) => billOf(used, priceOf));
  for (const bill of bills) await insertLedgerRow(tenant, turnId, bill);
  const cost = bills.reduce((total, bill) => total + bill.cost, 0);
  await settleReservation(tenant, turnId, usage.input_tokens + usage.output_tokens, cost);
  const isPriced = bills.every(({ price }) => price !== undefined);
  return { outcome: "logged", turn_id: turnId, is_priced: isPriced };
}

/** What one model did, and what that costs today. */
interface Bill {
  readonly usage: z.infer<typeof modelUsage>;
  readonly price: ModelPrice | undefined;
  /** USD, in whole units of the ledger, so that the counters are the sum of its rows */
  readonly cost: number;
}

function billOf(usage: Bill["usage"], priceOf: PriceOf): Bill {
  const price = priceOf(usage.model);
  const tokens = {
    inputTokens: usage.input_tokens,
    cachedInputTokens: usage.cached_input_tokens,
    outputTokens: usage.output_tokens,
  };
  return { usage, price, cost: price ? Number(costAt(price, tokens).toFixed(8)) : 0 };
}

async function insertLedgerRow(
  tenant: Tenant,
  turnId: string,
  { usage, price, cost }: Bill,
): Promise<void> {
  await tenant.query(
    `insert into usage_logs
       (organization_id, chatbot_id, contact_id, turn_id, model, model_calls, tool_calls,
        input_tokens, cached_input_tokens, output_tokens, cost_usd,
        input_price_usd, cached_input_price_usd, output_price_usd)
     select organization_id, chatbot_id, contact_id, id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
     from turns where id = $1`,
    [
      turnId,
      usage.model,
      usage.model_calls,
      usage.tool_calls,
      usage.input_tokens,
      usage.cached_input_tokens,
      usage.output_tokens,
      cost.toFixed(8),
      price?.input ?? null,
      price?.cachedInput ?? null,
      price?.output ?? null,
    ],
  );
}

async function settleReservation(
  tenant: Tenant,
  turnId: string,
  tokens: number,
  cost: number,
): Promise<void> {
  await tenant.query(
    `with settled as (
       update turns set usage_settled_at = now() where id = $1
       returning organization_id, reserved_period, reserved_tokens, reserved_cost_usd
     )
     update usage_summary s set
       messages_reserved = s.messages_reserved - 1,
       tokens_reserved = s.tokens_reserved - settled.reserved_tokens,
       cost_reserved_usd = s.cost_reserved_usd - settled.reserved_cost_usd,
       messages_used = s.messages_used + 1,
       tokens_used = s.tokens_used + $2,
       cost_usd = s.cost_usd + $3
     from settled
     where s.organization_id = settled.organization_id and s.period_start = settled.reserved_period`,
    [turnId, tokens, cost.toFixed(8)],
  );
}
