import { toSql } from "pgvector";
import { type Database, maybeOne, one, type Tenant, withTenant } from "../platform/postgres.ts";
import type { Chunk } from "./chunk.ts";
import type { FileType } from "./file_type.ts";
import type { PageState } from "./read_source.ts";

/** A chunk with what finds it. */
export interface EmbeddedChunk extends Chunk {
  chunkNo: number;
  vector: number[];
}

interface AnySource {
  id: string;
  organizationId: string;
  chatbotId: string;
  liveVersion: number;
}

export type FileSource = AnySource & { sourceType: FileType; url: null; s3Key: string | null };
type UrlSource = AnySource & { sourceType: "url"; url: string; s3Key: null };
export type KnowledgeSource = FileSource | UrlSource;

/** What is being done with a source, as knowledge_sources.stage. */
export type Stage = "reading" | "extracting" | "embedding";

/** Marks a source as being processed, and returns it; undefined when it was deleted. */
export async function startProcessing(
  database: Database,
  sourceId: string,
): Promise<KnowledgeSource | undefined> {
  const organization = await maybeOne<{ id: string | null }>(
    database,
    "select knowledge_source_organization($1) as id",
    [sourceId],
  );
  if (!organization?.id) return undefined;
  return withTenant(database, organization.id, (tenant) =>
    maybeOne<KnowledgeSource>(
      tenant,
      `update knowledge_sources
       set status = 'processing', stage = 'reading', progress = 0, error_message = null
       where id = $1
       returning id, organization_id as "organizationId", chatbot_id as "chatbotId",
         source_type as "sourceType", url, s3_key as "s3Key", live_version as "liveVersion"`,
      [sourceId],
    ),
  );
}

export async function reportProgress(
  database: Database,
  source: KnowledgeSource,
  { percent, stage }: { percent: number; stage: Stage },
): Promise<void> {
  await withTenant(database, source.organizationId, (tenant) =>
    tenant.query(
      `update knowledge_sources set progress = $2, stage = $3
       where id = $1 and status = 'processing'`,
      [source.id, percent, stage],
    ),
  );
}

/**
 * Stores a version's first chunks, which is what makes the version number ours: two jobs for one source never share
 * one, because the second waits for the row and then sees the first one's chunks. Undefined when the source is gone.
 */
export async function claimVersion(
  database: Database,
  source: KnowledgeSource,
  chunks: readonly EmbeddedChunk[],
): Promise<number | undefined> {
  return withTenant(database, source.organizationId, async (tenant) => {
    const locked = await lockSource(tenant, source.id);
    if (!locked) return undefined;
    const { version } = await one<{ version: number }>(
      tenant,
      `select greatest($2::integer, coalesce(max(version), 0)) + 1 as version
       from document_chunks where knowledge_source_id = $1`,
      [source.id, locked.liveVersion],
    );
    await insertChunks(tenant, source, version, chunks);
    return version;
  });
}

/** False when the source is gone: it has been deleted while it was processed. */
export async function storeChunks(
  database: Database,
  source: KnowledgeSource,
  version: number,
  chunks: readonly EmbeddedChunk[],
): Promise<boolean> {
  return withTenant(database, source.organizationId, async (tenant) => {
    if (!(await lockSource(tenant, source.id))) return false;
    await insertChunks(tenant, source, version, chunks);
    return true;
  });
}

/**
 * Puts a complete version in the place of the live one, and deletes the older ones. False when a later version has
 * gone live meanwhile, or the source is gone: then this one is deleted.
 */
export async function goLive(
  database: Database,
  source: KnowledgeSource,
  version: number,
  facts: {
    pageCount: number | null;
    chunkCount: number;
    embeddingModel: string;
    /** only of a web page */
    page?: PageState | undefined;
  },
): Promise<boolean> {
  return withTenant(database, source.organizationId, async (tenant) => {
    const locked = await lockSource(tenant, source.id);
    if (!locked) return false;
    if (locked.liveVersion > version) {
      await deleteChunks(tenant, source.id, "version = $2", version);
      return false;
    }
    await tenant.query(
      `update knowledge_sources
       set live_version = $2, status = 'ready', stage = null, progress = 100, error_message = null,
         page_count = $3, chunk_count = $4, embedding_model = $5, processed_at = now(),
         page_hash = $6, page_etag = $7, page_last_modified = $8, check_problem = null,
         missing_checks = 0, gone_at = null
       where id = $1`,
      [
        source.id,
        version,
        facts.pageCount,
        facts.chunkCount,
        facts.embeddingModel,
        facts.page?.hash ?? null,
        facts.page?.etag ?? null,
        facts.page?.lastModified ?? null,
      ],
    );
    await deleteChunks(tenant, source.id, "version < $2", version);
    return true;
  });
}

/**
 * Records a failure. What was live stays live; the chunks of the version that failed go. A source that another job
 * has brought to a new live version meanwhile is not failed.
 */
export async function recordFailure(
  database: Database,
  source: KnowledgeSource,
  version: number | undefined,
  sentence: string,
): Promise<void> {
  await withTenant(database, source.organizationId, async (tenant) => {
    if (version !== undefined) await deleteChunks(tenant, source.id, "version = $2", version);
    await tenant.query(
      `update knowledge_sources
       set status = 'failed', stage = null, error_message = $3
       where id = $1 and live_version = $2`,
      [source.id, source.liveVersion, sentence],
    );
  });
}

function lockSource(
  tenant: Tenant,
  sourceId: string,
): Promise<{ liveVersion: number } | undefined> {
  return maybeOne(
    tenant,
    `select live_version as "liveVersion" from knowledge_sources where id = $1 for update`,
    [sourceId],
  );
}

async function deleteChunks(
  tenant: Tenant,
  sourceId: string,
  which: "version = $2" | "version < $2",
  version: number,
): Promise<void> {
  await tenant.query(`delete from document_chunks where knowledge_source_id = $1 and ${which}`, [
    sourceId,
    version,
  ]);
}

async function insertChunks(
  tenant: Tenant,
  source: KnowledgeSource,
  version: number,
  chunks: readonly EmbeddedChunk[],
): Promise<void> {
  const rows = chunks.map(({ vector, ...chunk }) => ({ ...chunk, embedding: toSql(vector) }));
  await tenant.query(
    `insert into document_chunks (
       organization_id, chatbot_id, knowledge_source_id, version, chunk_no, content, page, heading_path,
       start_offset, end_offset, embedding, text_search_language
     )
     select
       chatbot.organization_id, chatbot.id, $2, $3, c."chunkNo", c.content, c.page,
       array(select jsonb_array_elements_text(c."headingPath")), c.start, c."end", c.embedding::vector,
       chatbot.text_search_language
     from jsonb_to_recordset($4::jsonb) as c(
       "chunkNo" integer, content text, page integer, "headingPath" jsonb, start integer, "end" integer,
       embedding text
     ), chatbots chatbot
     where chatbot.id = $1`,
    [source.chatbotId, source.id, version, JSON.stringify(rows)],
  );
}
