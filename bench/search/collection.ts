/** Fills a database with chatbots of many sizes, past the triggers: 100,000 chunks are there in half a minute. */

import pg from "pg";
import type { TestDatabase } from "../../tests/helpers/database.ts";
import { insertChatbot } from "../../tests/helpers/records.ts";
import { vectorArray } from "./vector_array.ts";
import type { VectorSource } from "./vectors.ts";
import { wordsOfChunks } from "./words.ts";

/** How many chatbots have how many chunks: 50 with 100,000. */
export const SIZES: readonly { chunks: number; chatbots: number }[] = [
  { chunks: 20, chatbots: 20 },
  { chunks: 200, chatbots: 8 },
  { chunks: 1_000, chatbots: 13 },
  { chunks: 5_000, chatbots: 5 },
  { chunks: 10_000, chatbots: 3 },
  { chunks: 30_000, chatbots: 1 },
];

/** As many as the code that stores documents hands over at once; each is a knowledge source here. */
const CHUNKS_A_STATEMENT = 100;
const CHUNKS_A_SUBJECT = 40;
const QUESTIONS_FROM = 100;

export interface LoadedChatbot {
  id: string;
  organizationId: string;
  chunks: number;
  /** before the rotation; chunks to ask for */
  samples: Float32Array[];
}

export async function loadChatbots(
  test: TestDatabase,
  vectors: VectorSource,
): Promise<LoadedChatbot[]> {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  try {
    // no triggers: the words come ready-made and the keys are right
    await client.query("set session_replication_role = replica");
    const vectorOid = await typeOid(client, "vector");
    const loaded: LoadedChatbot[] = [];
    for (const { chunks, chatbots } of SIZES) {
      for (let number = 0; number < chatbots; number++) {
        const chatbot = await insertChatbot(test, { max_distance: 2, passages_per_search: 10 });
        const target = { id: chatbot.id, organizationId: chatbot.organization_id, chunks };
        loaded.push({ ...target, samples: await fill(client, vectorOid, target, vectors) });
      }
    }
    await client.query("vacuum (analyze) document_chunks, chunk_lexemes, knowledge_sources");
    // or the searches write what the loading left in the server's buffers
    await client.query("checkpoint");
    return loaded;
  } finally {
    await client.end();
  }
}

async function typeOid(client: pg.Client, type: string): Promise<number> {
  const { rows } = await client.query<{ oid: number }>("select $1::regtype::oid as oid", [type]);
  return rows[0]?.oid ?? 0;
}

async function fill(
  client: pg.Client,
  vectorOid: number,
  chatbot: Omit<LoadedChatbot, "samples">,
  vectors: VectorSource,
): Promise<Float32Array[]> {
  const samples: Float32Array[] = [];
  let subject = vectors.direction();
  for (let start = 0; start < chatbot.chunks; start += CHUNKS_A_STATEMENT) {
    const count = Math.min(CHUNKS_A_STATEMENT, chatbot.chunks - start);
    const batch: Float32Array[] = [];
    for (let at = 0; at < count; at++) {
      if ((start + at) % CHUNKS_A_SUBJECT === 0) subject = vectors.direction();
      const chunk = vectors.ofSubject(subject);
      if (samples.length < QUESTIONS_FROM || vectors.random() < 0.01) samples.push(chunk);
      batch.push(vectors.rotated(chunk));
    }
    const { lexemes, at, weights } = wordsOfChunks(count, () => vectors.random());
    await client.query(INSERT_SOURCE, [
      chatbot.organizationId,
      chatbot.id,
      `Document ${start}`,
      vectorArray(batch, vectorOid),
      lexemes,
      at,
      weights,
    ]);
  }
  return samples;
}

/** $1 organization, $2 chatbot, $3 name, $4 vectors, $5 lexemes with $6 the chunks (1-based) and $7 weights of each. */
const INSERT_SOURCE = `
  with source as (
    insert into knowledge_sources (
      organization_id, chatbot_id, source_type, name, content_hash, status, progress, live_version, chunk_count
    )
    values ($1, $2, 'text', $3, $3, 'ready', 100, 1, cardinality($4::vector[]))
    returning id
  ),
  chunk as (
    insert into document_chunks (
      organization_id, chatbot_id, knowledge_source_id, version, chunk_no, content,
      start_offset, end_offset, embedding, text_search_language
    )
    select $1, $2, source.id, 1, number - 1, repeat('The passage says this and that. ', 31), 0, 992, vector, 'english'
    from source, unnest($4::vector[]) with ordinality as each (vector, number)
    returning id, chunk_no
  )
  insert into chunk_lexemes (
    organization_id, chatbot_id, knowledge_source_id, version, lexeme, chunk_ids, weights
  )
  select $1, $2, source.id, 1, lexeme, array_agg(chunk.id order by chunk.id), array_agg(weight order by chunk.id)
  from source, unnest($5::text[], $6::integer[], $7::real[]) as each (lexeme, number, weight)
  join chunk on chunk.chunk_no = number - 1
  group by source.id, lexeme`;
