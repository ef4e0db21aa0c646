import { toSql } from "pgvector";
import type { Embeddings } from "../platform/embeddings.ts";
import { type Database, many, withTenant } from "../platform/postgres.ts";

export interface PassageQuery {
  organizationId: string;
  chatbotId: string;
  question: string;
  /** null or absent: the chatbot's own number, chatbots.passages_per_search */
  limit?: number | null;
}

export interface Passage {
  chunkId: number;
  knowledgeSourceId: string;
  sourceName: string;
  /** null unless the source is a web page */
  sourceUrl: string | null;
  /** 1-based; null where the source has no pages */
  page: number | null;
  headingPath: string[];
  content: string;
  /** cosine, 0 to 2; the chatbot's max_distance was compared with it */
  distance: number;
  /** 1 is the best; null: not among the nearest */
  vectorRank: number | null;
  /** 1 is the best; null: shares no word with the question */
  textRank: number | null;
  /** the share of the question's words that it covers, and what its nearness adds */
  score: number;
}

export interface PassageSearch {
  /** the best first; empty means that the chatbot's documents do not answer the question */
  passages: Passage[];
  embeddingTokens: number;
}

/** A question of this length is an essay; embedding models take 8,192 tokens. */
const LONGEST_QUESTION = 4_000;

/**
 * Finds what a chatbot's documents say about a question. Nothing is found when no passage is within the chatbot's
 * max_distance, whatever words are shared, or when none is near and none has enough of the question's words.
 *
 * @throws ModelCallError when the question cannot be embedded
 */
export async function searchPassages(
  database: Database,
  embeddings: Embeddings,
  query: PassageQuery,
): Promise<PassageSearch> {
  // PostgreSQL stores no \u0000, which a model may write
  const question = query.question.replaceAll("\u0000", " ").trim().slice(0, LONGEST_QUESTION);
  if (question === "") return { passages: [], embeddingTokens: 0 };
  const { vectors, tokens } = await embeddings.embed([question]);
  const [vector = []] = vectors;
  const passages = await withTenant(database, query.organizationId, (tenant) =>
    many<Passage>(tenant, FUSED_SEARCH, [
      query.chatbotId,
      toSql(vector),
      question,
      query.limit ?? null,
    ]),
  );
  return { passages, embeddingTokens: tokens };
}

/**
 * $1 chatbot, $2 embedding, $3 question, $4 limit.
 *
 * - Every live chunk's distance is computed: exact, 4 ms per 1,000 chunks. An index scan filters by chatbot only
 *   after it has taken its candidates, and then returns too few.
 * - The score adds two amounts of evidence and not two ranks: reciprocal rank fusion gives the weaker ranking half
 *   of the say, and is below the better one on all eight test sets. How the constants were found, and those of
 *   the gate: docs/decisions/2026-11-21-bm25-in-sql.md.
 * - The gate opens when a passage is within max_distance, and either one covers a fifth of the question's words or
 *   one is within by 0.15, which alone let no question on another subject through.
 */
const FUSED_SEARCH = `
  with chatbot as (
    select id, max_distance, passages_per_search from chatbots where id = $1
  ),
  worded as materialized (
    select chunk_id as id, coverage, row_number() over (order by coverage desc, chunk_id) as rank
    from score_chunks_by_words($1, $3)
  ),
  live as materialized (
    select c.id, c.embedding <=> $2::vector as distance
    from document_chunks c
    join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
    where c.chatbot_id = $1
  ),
  nearest as materialized (
    select id, row_number() over (order by distance, id) as rank
    from live
    order by rank limit 40
  ),
  gate as (
    select min(distance) <= max(max_distance)
      and (min(distance) <= max(max_distance) - 0.15 or (select max(coverage) from worded) >= 0.2) as is_open
    from live, chatbot
  ),
  candidate as (
    select id from nearest
    union
    select id from worded where rank <= 40
  )
  select
    c.id as "chunkId",
    s.id as "knowledgeSourceId",
    s.name as "sourceName",
    s.url as "sourceUrl",
    c.page,
    c.heading_path as "headingPath",
    c.content,
    live.distance,
    nearest.rank as "vectorRank",
    worded.rank as "textRank",
    coalesce(worded.coverage, 0) + 4 * greatest(0, 0.45 - live.distance) as score
  from candidate
  join live using (id)
  left join nearest using (id)
  left join worded using (id)
  join document_chunks c using (id)
  join knowledge_sources s on s.id = c.knowledge_source_id
  where (select is_open from gate)
  order by score desc, live.distance, c.id
  limit coalesce($4::integer, (select passages_per_search from chatbot))`;
