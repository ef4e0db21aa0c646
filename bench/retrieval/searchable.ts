import { toSql } from "pgvector";
import { searchPassages } from "../../f/knowledge/search_passages.ts";
import {
  claimVersion,
  type EmbeddedChunk,
  goLive,
  type KnowledgeSource,
  storeChunks,
} from "../../f/knowledge/source_versions.ts";
import type { Embeddings } from "../../f/platform/embeddings.ts";
import { type Database, withTenant } from "../../f/platform/postgres.ts";
import type { TestDatabase } from "../../tests/helpers/database.ts";
import { insertChatbot, insertKnowledgeSource } from "../../tests/helpers/records.ts";
import type { DataSet, Passage } from "./data_sets.ts";

/** Ids of passages, the best first; empty when the answer would be "I don't know". */
export type Search = (question: string) => Promise<string[]>;

export interface Searches {
  text: Search;
  vector: Search;
  hybrid: Search;
}

const CHUNKS_A_STATEMENT = 100;
const RESULTS = 10;
/** As in searchPassages' gate: less of a question's words is no answer. */
const LEAST_COVERAGE = 0.2;
/** search_knowledge_base's own default. */
const LEAST_SIMILARITY = 0.25;

/**
 * Stores a data set as one knowledge source of a new chatbot, a passage a chunk, by the code that stores documents,
 * and returns what finds them again. `abstains`: whether a search may find nothing for want of evidence.
 */
export async function makeSearchable(
  test: TestDatabase,
  database: Database,
  embeddings: Embeddings,
  dataSet: DataSet,
  { abstains }: { abstains: boolean },
): Promise<Searches> {
  const chatbot = await insertChatbot(test, {
    text_search_language: dataSet.language,
    passages_per_search: RESULTS,
    ...(abstains ? {} : { max_distance: 2 }),
  });
  const source = await insertKnowledgeSource(test, {
    chatbot_id: chatbot.id,
    status: "processing",
    live_version: 0,
  });
  const { id, organization_id: organizationId } = source;
  const stored: KnowledgeSource = {
    id,
    organizationId,
    chatbotId: chatbot.id,
    sourceType: "text",
    url: null,
    s3Key: null,
    liveVersion: 0,
  };
  await store(database, stored, embeddings, dataSet.passages);
  await test.query("analyze document_chunks, chunk_lexemes, knowledge_sources");
  const passageOf = await passagesByChunk(test, source.id, dataSet.passages);
  const ids = (rows: readonly { chunkId: number }[]) =>
    rows.flatMap(({ chunkId }) => passageOf.get(chunkId) ?? []);
  const ask = (sql: string, params: unknown[]) =>
    withTenant(database, organizationId, (tenant) =>
      tenant.query<{ chunkId: number }>(sql, params),
    );
  return {
    text: async (question) =>
      ids(await ask(BY_WORDS, [chatbot.id, question, RESULTS, abstains ? LEAST_COVERAGE : 0])),
    vector: async (question) => {
      const { vectors } = await embeddings.embed([question]);
      const least = abstains ? LEAST_SIMILARITY : -1;
      return ids(await ask(BY_VECTOR, [chatbot.id, toSql(vectors[0] ?? []), RESULTS, least]));
    },
    hybrid: async (question) => {
      const query = { organizationId, chatbotId: chatbot.id, question };
      return ids((await searchPassages(database, embeddings, query)).passages);
    },
  };
}

const BY_WORDS = `
  select chunk_id as "chunkId" from score_chunks_by_words($1, $2)
  where coverage >= $4 order by coverage desc, chunk_id limit $3`;

const BY_VECTOR = `select chunk_id as "chunkId" from search_knowledge_base($1, $2, $3, $4)`;

async function store(
  database: Database,
  source: KnowledgeSource,
  embeddings: Embeddings,
  passages: readonly Passage[],
): Promise<void> {
  let version: number | undefined;
  for (let start = 0; start < passages.length; start += CHUNKS_A_STATEMENT) {
    const batch = passages.slice(start, start + CHUNKS_A_STATEMENT);
    const { vectors } = await embeddings.embed(batch.map(({ text }) => text));
    const chunks = batch.map<EmbeddedChunk>(({ text }, index) => ({
      chunkNo: start + index,
      content: text,
      start: 0,
      end: text.length,
      page: null,
      headingPath: [],
      vector: vectors[index] ?? [],
    }));
    if (version === undefined) version = await claimVersion(database, source, chunks);
    else await storeChunks(database, source, version, chunks);
  }
  const facts = { pageCount: null, chunkCount: passages.length, embeddingModel: embeddings.model };
  if (version !== undefined) await goLive(database, source, version, facts);
}

async function passagesByChunk(
  test: TestDatabase,
  sourceId: string,
  passages: readonly Passage[],
): Promise<Map<number, string>> {
  const chunks = await test.query<{ id: number; chunk_no: number }>(
    "select id, chunk_no from document_chunks where knowledge_source_id = $1",
    [sourceId],
  );
  return new Map(chunks.map(({ id, chunk_no }) => [id, passages[chunk_no]?.id ?? ""]));
}
