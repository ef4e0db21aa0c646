/**
 * How long a search takes in chatbots of 20 to 30,000 chunks that share one database of 100,000, and how many of the
 * ten nearest chunks it finds. On the PostgreSQL of TEST_DATABASE_URL, in a database of its own that is dropped.
 */

import { toSql } from "pgvector";
import { searchPassages } from "../f/knowledge/search_passages.ts";
import type { Embeddings } from "../f/platform/embeddings.ts";
import { type Database, withDb, withTenant } from "../f/platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../tests/helpers/database.ts";
import { CannotMeasureError, percentile, round, timed } from "./measurement.ts";
import { type LoadedChatbot, loadChatbots, SIZES } from "./search/collection.ts";
import { VectorSource } from "./search/vectors.ts";
import { questionText } from "./search/words.ts";

const SEED = 20_261_121;
const QUESTIONS_A_CLASS = 100;
const WARM_UPS = 5;
const NEAREST = 10;

interface Question {
  chatbot: LoadedChatbot;
  text: string;
  vector: number[];
}

/** What one question took: the search as contacts' turns make it, and its two halves alone. */
interface Sample {
  searchMs: number;
  vectorMs: number;
  wordsMs: number;
  recall: number;
  rows: number;
}

export async function measure(): Promise<Record<string, unknown>> {
  if (process.env.TEST_DATABASE_URL === undefined) {
    throw new CannotMeasureError(
      "Set TEST_DATABASE_URL to a superuser's URL of a PostgreSQL 15 or later with pgvector.",
    );
  }
  const test = await createTestDatabase();
  try {
    const vectors = new VectorSource(SEED);
    const { result: chatbots, ms } = await timed(() => loadChatbots(test, vectors));
    console.log(`loaded ${chatbots.length} chatbots in ${round(ms / 1_000, 0)} s`);
    return await withDb(test.resource("chatbot_app"), async (database) => {
      const classes: ReturnType<typeof summary>[] = [];
      for (const { chunks } of SIZES) {
        const ofClass = chatbots.filter((chatbot) => chatbot.chunks === chunks);
        const samples = await measureClass(test, database, ask(ofClass, vectors));
        showHalves(chunks, samples);
        classes.push(summary(chunks, samples));
      }
      return { classes };
    });
  } finally {
    await test.close();
  }
}

function ask(chatbots: readonly LoadedChatbot[], vectors: VectorSource): Question[] {
  const random = () => vectors.random();
  return Array.from({ length: QUESTIONS_A_CLASS + WARM_UPS }, (_, number) => {
    const chatbot = chatbots[number % chatbots.length];
    const sample = chatbot?.samples[Math.floor(random() * chatbot.samples.length)];
    if (!chatbot || !sample) throw new CannotMeasureError("There is no chatbot to ask.");
    const vector = Array.from(vectors.rotated(vectors.askingFor(sample)));
    return { chatbot, text: questionText(random), vector };
  });
}

async function measureClass(
  test: TestDatabase,
  database: Database,
  questions: readonly Question[],
): Promise<Sample[]> {
  // beforehand: a scan of every vector between two searches would push what these need out of the server's buffers
  const exactAnswers: number[][] = [];
  for (const question of questions) exactAnswers.push(await findExactly(test, question));
  const samples: Sample[] = [];
  for (const [number, question] of questions.entries()) {
    const exact = exactAnswers[number] ?? [];
    const whole = await timed(() => search(database, question));
    const nearest = await timed(() => findNearest(database, question));
    const words = await timed(() => findByWords(database, question));
    samples.push({
      searchMs: whole.ms,
      vectorMs: nearest.ms,
      wordsMs: words.ms,
      recall: exact.filter((id) => nearest.result.includes(id)).length / exact.length,
      rows: Math.min(whole.result, nearest.result.length),
    });
  }
  return samples.slice(WARM_UPS);
}

async function search(database: Database, { chatbot, text, vector }: Question): Promise<number> {
  const embeddings: Embeddings = {
    model: "made beforehand",
    embed: async () => ({ vectors: [vector], tokens: 0 }),
  };
  const { passages } = await searchPassages(database, embeddings, {
    organizationId: chatbot.organizationId,
    chatbotId: chatbot.id,
    question: text,
    limit: NEAREST,
  });
  return passages.length;
}

async function findNearest(database: Database, { chatbot, vector }: Question): Promise<number[]> {
  const rows = await withTenant(database, chatbot.organizationId, (tenant) =>
    tenant.query<{ id: number }>(
      "select chunk_id as id from search_knowledge_base($1, $2, $3, -1)",
      [chatbot.id, toSql(vector), NEAREST],
    ),
  );
  return rows.map(({ id }) => id);
}

function findByWords(database: Database, { chatbot, text }: Question) {
  return withTenant(database, chatbot.organizationId, (tenant) =>
    tenant.query("select count(*) from score_chunks_by_words($1, $2)", [chatbot.id, text]),
  );
}

/** The "+ 0" keeps any index out of it. */
async function findExactly(test: TestDatabase, { chatbot, vector }: Question): Promise<number[]> {
  const rows = await test.query<{ id: number }>(
    `select id from document_chunks
     where organization_id = $1 and chatbot_id = $2
     order by (embedding <=> $3) + 0, id limit $4`,
    [chatbot.organizationId, chatbot.id, toSql(vector), NEAREST],
  );
  return rows.map(({ id }) => id);
}

function showHalves(chunks: number, samples: readonly Sample[]): void {
  const times = (ms: (sample: Sample) => number) =>
    `p50 ${spread(samples, ms, 0.5)} p95 ${spread(samples, ms, 0.95)} ms`;
  console.log(
    `${chunks} chunks: search ${times(({ searchMs }) => searchMs)} | vectors ${times(({ vectorMs }) => vectorMs)} | words ${times(({ wordsMs }) => wordsMs)}`,
  );
}

/** p50 and p95 are of the whole search; rows is the least that any question got of ten. */
function summary(chunks: number, samples: readonly Sample[]) {
  return {
    chunks,
    p50_ms: spread(samples, ({ searchMs }) => searchMs, 0.5),
    p95_ms: spread(samples, ({ searchMs }) => searchMs, 0.95),
    recall10: round(samples.reduce((sum, { recall }) => sum + recall, 0) / samples.length, 4),
    rows: Math.min(...samples.map(({ rows }) => rows)),
  };
}

function spread(samples: readonly Sample[], ms: (sample: Sample) => number, share: number) {
  return round(percentile(samples.map(ms), share), 2);
}
