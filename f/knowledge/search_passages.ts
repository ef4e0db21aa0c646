import { toSql } from "pgvector";
import type { Embeddings } from "../platform/embeddings.ts";
import { type Database, many, withTenant } from "../platform/postgres.ts";
import { type Reranker, RerankerError } from "../platform/reranker.ts";
import { type Hit, joinNeighbours } from "./join_neighbours.ts";

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
  /** with that of its neighbours, as far as they are on its page and the budget goes */
  content: string;
  /** cosine, 0 to 2; the chatbot's max_distance was compared with it */
  distance: number;
  /** 1 is the best; null: not among the 40 nearest */
  vectorRank: number | null;
  /** 1 is the best; null: not among the 40 that have most of the question's words */
  textRank: number | null;
  /** the share of the question's words that it covers, and what its nearness adds */
  score: number;
  /** by score, 1 is the best; a re-ranker may put the passages into another order */
  fusedRank: number;
}

export interface PassageSearch {
  /** the best first; empty means that the chatbot's documents do not answer the question */
  passages: Passage[];
  embeddingTokens: number;
}

/** A question of this length is an essay; embedding models take 8,192 tokens. */
const LONGEST_QUESTION = 4_000;
/** Of all passages together, neighbours included: the agent's search tool cuts at 10,000. */
const MOST_CHARACTERS = 8_000;
/** What a re-ranker is given to choose from. */
const RERANKED = 40;

type Found = Hit & Passage & { wanted: number };

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
  reranker?: Reranker,
): Promise<PassageSearch> {
  // PostgreSQL stores no \u0000, which a model may write
  const question = query.question.replaceAll("\u0000", " ").trim().slice(0, LONGEST_QUESTION);
  if (question === "") return { passages: [], embeddingTokens: 0 };
  const { vectors, tokens } = await embeddings.embed([question]);
  const [vector = []] = vectors;
  const found = await withTenant(database, query.organizationId, (tenant) =>
    many<Found>(tenant, FUSED_SEARCH, [
      query.chatbotId,
      toSql(vector),
      question,
      query.limit ?? null,
      reranker ? RERANKED : 0,
    ]),
  );
  const best = reranker ? await reranked(reranker, question, found) : found;
  return {
    passages: joinNeighbours(best, MOST_CHARACTERS).map(asPassage),
    embeddingTokens: tokens,
  };
}

/** In the order of the scores when the re-ranker fails: a contact waits, and that order is good. */
async function reranked(reranker: Reranker, question: string, found: Found[]): Promise<Found[]> {
  const wanted = Math.min(found[0]?.wanted ?? 0, found.length);
  if (found.length < 2) return found;
  try {
    const documents = found.map(({ content }) => content);
    const order = await reranker.rank(question, documents, wanted);
    return order.flatMap((index) => found[index] ?? []);
  } catch (error) {
    if (!(error instanceof RerankerError)) throw error;
    console.warn(error.message);
    return found.slice(0, wanted);
  }
}

function asPassage(found: Found): Passage {
  const { chunkNo, start, end, neighbours, wanted, ...passage } = found;
  return passage;
}

/**
 * $1 chatbot, $2 embedding, $3 question, $4 how many are wanted, $5 how many a re-ranker is given (0: there is none).
 *
 * - The nearest come out of a short list by bits, and distances are computed for these and for what has the words:
 *   docs/decisions/2026-11-21-a-short-list-by-bits.md.
 * - The score adds two amounts of evidence and not two ranks: reciprocal rank fusion gives the weaker ranking half
 *   of the say, and is below the better one on all eight test sets. How the constants were found, and those of
 *   the gate: docs/decisions/2026-11-21-bm25-in-sql.md.
 * - The gate opens when a passage is within max_distance, and either one covers a fifth of the question's words or
 *   one is within by 0.15, which alone let no question on another subject through.
 */
const FUSED_SEARCH = `
  with chatbot as (
    select max_distance, coalesce($4::integer, passages_per_search) as wanted from chatbots where id = $1
  ),
  nearest as materialized (
    select chunk_id as id, distance, row_number() over (order by distance, chunk_id) as rank
    from nearest_chunks($1, $2::vector, 40)
  ),
  -- a subquery among the arguments would keep the function from being planned as a part of this
  covered as materialized (
    select chunk_id as id, coverage
    from (select array_agg(id) as ids from nearest) near, score_chunks_by_words($1, $3, near.ids)
  ),
  worded as materialized (
    select id, coverage, row_number() over (order by coverage desc, id) as rank
    from (select id, coverage from covered order by coverage desc, id limit 40) best
  ),
  candidate as materialized (
    select id, nearest.rank as vector_rank, worded.rank as text_rank,
      -- by the primary key: a join would read every chunk of the tenant
      coalesce(nearest.distance, (select embedding <=> $2::vector from document_chunks c where c.id = found.id)) as distance
    from (select id from nearest union select id from worded) found
    left join nearest using (id)
    left join worded using (id)
  ),
  gate as (
    select min(distance) <= max(max_distance)
      and (min(distance) <= max(max_distance) - 0.15 or (select max(coverage) from worded) >= 0.2) as is_open
    from candidate, chatbot
  ),
  best as materialized (
    select *, row_number() over (order by score desc, distance, id) as rank
    from (
      select candidate.*, coalesce(coverage, 0) + 4 * greatest(0, 0.45 - distance) as score
      from candidate left join covered using (id)
      where (select is_open from gate)
    ) scored
    order by rank
    limit (select greatest(wanted, $5) from chatbot)
  )
  select
    c.id as "chunkId",
    s.id as "knowledgeSourceId",
    s.name as "sourceName",
    s.url as "sourceUrl",
    c.page,
    c.heading_path as "headingPath",
    c.content,
    best.distance,
    best.vector_rank as "vectorRank",
    best.text_rank as "textRank",
    best.score,
    best.rank as "fusedRank",
    (select wanted from chatbot) as wanted,
    c.chunk_no as "chunkNo",
    c.start_offset as "start",
    c.end_offset as "end",
    (
      select coalesce(jsonb_agg(jsonb_build_object(
        'chunkNo', n.chunk_no, 'page', n.page, 'content', n.content, 'start', n.start_offset, 'end', n.end_offset)), '[]')
      from (values (c.chunk_no - 1), (c.chunk_no + 1)) beside (chunk_no)
      join document_chunks n
        on n.knowledge_source_id = c.knowledge_source_id and n.version = c.version and n.chunk_no = beside.chunk_no
    ) as neighbours
  from best
  join document_chunks c using (id)
  join knowledge_sources s on s.id = c.knowledge_source_id
  order by best.rank`;
