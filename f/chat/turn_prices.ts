import * as z from "zod/v4";
import { type PriceOf, priceOf } from "../platform/model_table.ts";
import { one, type Tenant } from "../platform/postgres.ts";

const usd = z.number().nonnegative();
const ownPrices = z.record(z.string(), z.object({ input: usd, cachedInput: usd, output: usd }));

/** What a turn's chatbot pays for a model today: its own price, or else the list's. */
export async function readPrices(tenant: Tenant, turnId: string): Promise<PriceOf> {
  const { model_prices } = await one<{ model_prices: unknown }>(
    tenant,
    `select b.model_prices from turns t join chatbots b on b.id = t.chatbot_id where t.id = $1`,
    [turnId],
  );
  return pricesOf(model_prices);
}

export function pricesOf(settings: unknown): PriceOf {
  const own = new Map(Object.entries(ownPrices.parse(settings)));
  return (model) => own.get(model) ?? priceOf(model, new Date());
}
