import * as wmill from "windmill-client";
import { DOCUMENT_RETRIES, type Embeddings, readEmbeddings } from "../platform/embeddings.ts";
import { type Database, type Postgresql, withDb } from "../platform/postgres.ts";
import { readPublicHttpPolicy } from "../platform/public_http_policy.ts";
import { type Chunk, chunkDocument } from "./chunk.ts";
import { type EmbeddingUsage, logEmbeddingUsage } from "./embedding_usage.ts";
import { answerExtraction, type Extract, extractInProcess } from "./extraction_process.ts";
import { failureSentence, isTenantsToSolve } from "./failure_sentence.ts";
import { readSource, type SourceFiles } from "./read_source.ts";
import {
  claimVersion,
  goLive,
  type KnowledgeSource,
  recordFailure,
  reportProgress,
  type Stage,
  startProcessing,
  storeChunks,
} from "./source_versions.ts";

await answerExtraction();

/** Makes a knowledge source searchable: extracts its text, cuts it, embeds it, and swaps it in. May run any number of times. */
export async function main(knowledge_source_id: string, db: Postgresql): Promise<ProcessResult> {
  return withDb(db, (database) =>
    processDocument(knowledge_source_id, {
      database,
      readEmbeddings: () => readEmbeddings(DOCUMENT_RETRIES),
      extract: extractInProcess(import.meta.filename),
      files: {
        load: (s3) => wmill.loadS3File({ s3 }),
        readHttpPolicy: readPublicHttpPolicy,
        pageTimeoutMs: PAGE_TIMEOUT_MS,
      },
      showProgress: (percent) => wmill.setProgress(percent),
    }),
  );
}

const PAGE_TIMEOUT_MS = 30_000;

export type ProcessResult =
  | {
      outcome: "ready";
      version: number;
      chunks: number;
      pages: number | null;
      embedding_tokens: number;
    }
  | { outcome: "failed"; reason: string }
  /** another job brought a later version live meanwhile, or the source was deleted */
  | { outcome: "superseded" };

export interface ProcessClients {
  database: Database;
  readEmbeddings: () => Promise<Embeddings>;
  extract: Extract;
  files: SourceFiles;
  /** percent */
  showProgress: (percent: number) => Promise<void>;
}

/** Chunks that are embedded and stored at a time: 100 vectors are 2 MB of SQL. */
const BATCH = 100;
const READ_PERCENT = 5;
const EXTRACTED_PERCENT = 20;
const STORED_PERCENT = 95;

/** A version under construction; its number is ours once its first chunks are stored. */
interface Build {
  version?: number;
}

export async function processDocument(
  sourceId: string,
  clients: ProcessClients,
): Promise<ProcessResult> {
  const source = await startProcessing(clients.database, sourceId);
  if (!source) return { outcome: "superseded" };
  const build: Build = {};
  try {
    return await buildVersion(source, build, clients);
  } catch (error) {
    const reason = failureSentence(error);
    await recordFailure(clients.database, source, build.version, reason);
    if (!isTenantsToSolve(error)) throw error;
    return { outcome: "failed", reason };
  }
}

async function buildVersion(
  source: KnowledgeSource,
  build: Build,
  clients: ProcessClients,
): Promise<ProcessResult> {
  const { type, raw, page } = await readSource(source, clients.files);
  await progress(source, clients, { percent: READ_PERCENT, stage: "extracting" });
  const document = await clients.extract(type, raw);
  const chunks = chunkDocument(document);
  await progress(source, clients, { percent: EXTRACTED_PERCENT, stage: "embedding" });
  const embeddings = await clients.readEmbeddings();
  const used: EmbeddingUsage = { model: embeddings.model, texts: 0, tokens: 0 };
  try {
    await embedAndStore(source, build, { chunks, embeddings, used }, clients);
  } finally {
    // what was embedded is paid for, whatever became of it
    await logEmbeddingUsage(clients.database, source, used);
  }
  if (build.version === undefined) return { outcome: "superseded" };
  const pages = document.pages.length || null;
  const isLive = await goLive(clients.database, source, build.version, {
    pageCount: pages,
    chunkCount: chunks.length,
    embeddingModel: embeddings.model,
    page,
  });
  if (!isLive) return { outcome: "superseded" };
  await clients.showProgress(100);
  return {
    outcome: "ready",
    version: build.version,
    chunks: chunks.length,
    pages,
    embedding_tokens: used.tokens,
  };
}

/** Adds up what it uses. Leaves build.version undefined when the source was deleted meanwhile. */
async function embedAndStore(
  source: KnowledgeSource,
  build: Build,
  {
    chunks,
    embeddings,
    used,
  }: { chunks: readonly Chunk[]; embeddings: Embeddings; used: EmbeddingUsage },
  clients: ProcessClients,
): Promise<void> {
  for (let start = 0; start < chunks.length; start += BATCH) {
    const batch = chunks.slice(start, start + BATCH);
    const { vectors, tokens } = await embeddings.embed(batch.map(embeddedText));
    used.texts += batch.length;
    used.tokens += tokens;
    const embedded = batch.map((chunk, index) => ({
      ...chunk,
      chunkNo: start + index,
      vector: vectors[index] ?? [],
    }));
    if (build.version === undefined) {
      build.version = await claimVersion(clients.database, source, embedded);
      if (build.version === undefined) return;
    } else if (!(await storeChunks(clients.database, source, build.version, embedded))) {
      build.version = undefined;
      return;
    }
    const share = Math.min(1, (start + BATCH) / chunks.length);
    const percent = Math.floor(EXTRACTED_PERCENT + share * (STORED_PERCENT - EXTRACTED_PERCENT));
    await progress(source, clients, { percent, stage: "embedding" });
  }
}

/** A passage is found by its headings, too, which often hold the subject that it does not repeat. */
function embeddedText({ headingPath, content }: Chunk): string {
  return [...headingPath, content].join("\n");
}

async function progress(
  source: KnowledgeSource,
  { database, showProgress }: ProcessClients,
  reached: { percent: number; stage: Stage },
): Promise<void> {
  await reportProgress(database, source, reached);
  await showProgress(reached.percent);
}
