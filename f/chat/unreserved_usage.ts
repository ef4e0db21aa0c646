import { costAt } from "../platform/model_table.ts";
import type { Tenant } from "../platform/postgres.ts";
import type { ModelUsage } from "./agent/types.ts";
import { readPrices } from "./turn_prices.ts";

/** summary: written once for a turn and model. failed: each run that came to no reply. */
export type UnreservedPurpose = "summary" | "failed";

/** Writes what a turn used beside its reply, and adds it to what the organization used in the turn's period. */
export async function logUnreservedUsage(
  tenant: Tenant,
  turnId: string,
  purpose: UnreservedPurpose,
  used: ModelUsage,
): Promise<void> {
  const price = (await readPrices(tenant, turnId))(used.model);
  const cost = price ? costAt(price, tokensOf(used)) : 0;
  await tenant.query(
    `with logged as (
       insert into usage_logs
         (organization_id, chatbot_id, contact_id, turn_id, purpose, model, model_calls, tool_calls,
          input_tokens, cached_input_tokens, output_tokens, cost_usd,
          input_price_usd, cached_input_price_usd, output_price_usd)
       select organization_id, chatbot_id, contact_id, id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
       from turns where id = $1
       on conflict (turn_id, model, purpose) where purpose <> 'failed' do nothing
       returning organization_id, turn_id
     )
     update usage_summary s set tokens_used = s.tokens_used + $6 + $8, cost_usd = s.cost_usd + $9
     from logged l join turns t on t.id = l.turn_id
     where s.organization_id = l.organization_id and s.period_start = t.reserved_period`,
    [
      turnId,
      purpose,
      used.model,
      used.model_calls,
      used.tool_calls,
      used.input_tokens,
      used.cached_input_tokens,
      used.output_tokens,
      cost.toFixed(8),
      price?.input ?? null,
      price?.cachedInput ?? null,
      price?.output ?? null,
    ],
  );
}

function tokensOf(used: ModelUsage) {
  return {
    inputTokens: used.input_tokens,
    cachedInputTokens: used.cached_input_tokens,
    outputTokens: used.output_tokens,
  };
}
