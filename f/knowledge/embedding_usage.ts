import { embeddingPrice } from "../platform/embedding_prices.ts";
import { type Database, withTenant } from "../platform/postgres.ts";

export interface EmbeddingUsage {
  model: string;
  texts: number;
  tokens: number;
}

/** Writes what a run has embedded into the ledger, at today's price. */
export async function logEmbeddingUsage(
  database: Database,
  source: { id: string; organizationId: string; chatbotId: string },
  { model, texts, tokens }: EmbeddingUsage,
): Promise<void> {
  if (texts === 0) return;
  const price = embeddingPrice(model);
  const cost = (tokens * (price ?? 0)) / 1_000_000;
  await withTenant(database, source.organizationId, (tenant) =>
    tenant.query(
      `insert into embedding_usage_logs
         (organization_id, chatbot_id, knowledge_source_id, model, texts, tokens, cost_usd, price_usd)
       select b.organization_id, b.id, s.id, $3, $4, $5, $6, $7
       from chatbots b left join knowledge_sources s on s.id = $2 where b.id = $1`,
      [source.chatbotId, source.id, model, texts, tokens, cost.toFixed(8), price ?? null],
    ),
  );
}
