import { costAt, priceOf } from "../platform/model_table.ts";
import type { TokenUsage } from "../platform/models.ts";
import type { Tenant } from "../platform/postgres.ts";

/** Writes what a turn's summary used, once, and adds it to what the organization used in the turn's period. */
export async function logSummaryUsage(
  tenant: Tenant,
  turnId: string,
  used: TokenUsage & { readonly model: string },
): Promise<void> {
  const price = priceOf(used.model, new Date());
  const cost = (price ? costAt(price, used) : 0).toFixed(8);
  await tenant.query(
    `with logged as (
       insert into usage_logs
         (organization_id, chatbot_id, contact_id, turn_id, purpose, model, model_calls, tool_calls,
          input_tokens, cached_input_tokens, output_tokens, cost_usd,
          input_price_usd, cached_input_price_usd, output_price_usd)
       select organization_id, chatbot_id, contact_id, id, 'summary', $2, 1, 0, $3, $4, $5, $6, $7, $8, $9
       from turns where id = $1
       on conflict (turn_id, model, purpose) do nothing
       returning organization_id, turn_id
     )
     update usage_summary s set tokens_used = s.tokens_used + $3 + $5, cost_usd = s.cost_usd + $6
     from logged l join turns t on t.id = l.turn_id
     where s.organization_id = l.organization_id and s.period_start = t.reserved_period`,
    [
      turnId,
      used.model,
      used.inputTokens,
      used.cachedInputTokens,
      used.outputTokens,
      cost,
      price?.input ?? null,
      price?.cachedInput ?? null,
      price?.output ?? null,
    ],
  );
}
