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
  /** of reciprocal rank fusion: it orders passages and says nothing about how good they are */
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
 * max_distance, whatever words are shared.
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
 * - The question's lexemes are OR-ed: AND-ed (websearch_to_tsquery) 82 of 100 chat questions find nothing. ts_rank
 *   and not ts_rank_cd: 88 % against 75 % of the answers are in the first five.
 * - 60 is the constant of the paper on reciprocal rank fusion, 40 candidates a list are enough for 20 passages.
 */
const FUSED_SEARCH = `
  with chatbot as (
    select id, max_distance, passages_per_search, text_search_language
    from chatbots where id = $1
  ),
  question as (
    select string_agg('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''', ' | ')::tsquery as query
    from chatbot, unnest(tsvector_to_array(to_tsvector(text_search_language, $3))) lexeme
  ),
  live as materialized (
    select c.id, c.content_tsv, c.embedding <=> $2::vector as distance
    from document_chunks c
    join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
    where c.chatbot_id = $1
  ),
  nearest as (
    select live.id, row_number() over (order by distance, live.id) as rank
    from live, chatbot
    where distance <= max_distance
    order by rank limit 40
  ),
  worded as (
    select live.id, row_number() over (order by ts_rank(content_tsv, query) desc, distance, live.id) as rank
    from live, question
    where content_tsv @@ query and exists (select from nearest)
    order by rank limit 40
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
    (coalesce(1.0 / (60 + nearest.rank), 0) + coalesce(1.0 / (60 + worded.rank), 0))::float8 as score
  from nearest
  full join worded using (id)
  join live using (id)
  join document_chunks c using (id)
  join knowledge_sources s on s.id = c.knowledge_source_id
  order by score desc, live.distance, c.id
  limit coalesce($4::integer, (select passages_per_search from chatbot))`;
