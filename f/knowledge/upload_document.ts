import { createHash } from "node:crypto";
import * as wmill from "windmill-client";
import {
  authorize,
  type Operator,
  operatorOfJob,
  recordAction,
} from "../platform/operator_action.ts";
import {
  type Database,
  maybeOne,
  one,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { startScript } from "../platform/windmill.ts";
import { organizationOfChatbot } from "./chatbot_tenant.ts";
import { checkedType, type FileType } from "./file_type.ts";
import { reserveUpload } from "./upload_quota.ts";
import { parseUpload, type Upload, type UploadRequest } from "./upload_request.ts";
import { type ObjectStorage, readUploadedObject, workspaceStorage } from "./uploaded_object.ts";

const ACTION = "upload_document";

/** Takes a document into a chatbot's knowledge. Answers at once; f/knowledge/process_document does the work. */
export async function main(
  chatbot_id: string,
  source_type: "pdf" | "docx" | "url" | "text" | "markdown" | "html" | "csv",
  name: string,
  db: Postgresql,
  file_content?: wmill.Base64,
  url?: string,
  file?: wmill.S3Object,
  user_id?: string,
): Promise<UploadResult> {
  const request = { chatbot_id, source_type, name, file_content, url, file: objectOf(file) };
  return withDb(db, (database) =>
    uploadDocument(
      request,
      { database, storage: workspaceStorage, saveFile, startProcessing },
      operatorOfJob(user_id),
    ),
  );
}

/** Windmill hands an object over as a record or as `s3://storage/key`. */
function objectOf(file: wmill.S3Object | undefined) {
  if (typeof file !== "string") return file;
  const [, storage, s3] = /^s3:\/\/([^/]*)\/(.*)$/s.exec(file) ?? [];
  return { s3: s3 ?? "", storage };
}

export interface UploadResult {
  knowledge_source_id: string;
  status: "pending" | "processing" | "ready" | "failed";
  /** absent when the same document is there already */
  job_id?: string;
}

export interface UploadClients {
  database: Database;
  storage: ObjectStorage;
  saveFile: (s3Key: string, bytes: Buffer, contentType: string) => Promise<void>;
  /** Returns the job's id. */
  startProcessing: (sourceId: string) => Promise<string>;
}

const CONTENT_TYPES: Record<FileType, string> = {
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  text: "text/plain",
  markdown: "text/markdown",
  html: "text/html",
  csv: "text/csv",
};

/** An upload whose bytes are here. */
type Document = Exclude<Upload, { s3Key: string }>;

/**
 * `operator` is null for a page of a web site, whose upload was permitted and recorded as a whole.
 *
 * @throws DocumentError with a sentence for the tenant, NotPermittedError
 */
export async function uploadDocument(
  request: UploadRequest,
  clients: UploadClients,
  operator: Operator | null,
): Promise<UploadResult> {
  const { database } = clients;
  const upload = parseUpload(request);
  const organizationId = await organizationOfChatbot(database, upload.chatbotId);
  // before a file is read for somebody who may not upload it
  if (operator)
    await withTenant(database, organizationId, (tenant) => authorize(tenant, operator, ACTION));
  const document = await load(upload, organizationId, clients.storage);
  const file = describe(document, organizationId);
  const source = await withTenant(database, organizationId, async (tenant) => {
    const same = await findSame(tenant, upload.chatbotId, file.contentHash);
    if (same && !same.isRetryable) return { ...same, isNew: false };
    await reserveUpload(tenant, { bytes: file.byteSize, isNew: same === undefined });
    const id = await saveSource(tenant, document, file);
    if (operator) {
      const details = { source_type: document.sourceType, chatbot_id: upload.chatbotId };
      await recordAction(tenant, operator, ACTION, { table: "knowledge_sources", id }, details);
    }
    return { id, status: "pending", isNew: true } as const;
  });
  if (!source.isNew) return { knowledge_source_id: source.id, status: source.status };
  const job_id = await orFail(database, { organizationId, sourceId: source.id }, async () => {
    if (document.sourceType !== "url" && file.s3Key !== null) {
      await clients.saveFile(file.s3Key, document.bytes, CONTENT_TYPES[document.sourceType]);
    }
    return clients.startProcessing(source.id);
  });
  return { knowledge_source_id: source.id, status: "pending", job_id };
}

async function load(
  upload: Upload,
  organizationId: string,
  storage: ObjectStorage,
): Promise<Document> {
  if (!("s3Key" in upload)) return upload;
  const { s3Key, ...rest } = upload;
  const bytes = await readUploadedObject(s3Key, organizationId, storage);
  return { ...rest, sourceType: checkedType(upload.sourceType, bytes), bytes };
}

interface FileFacts {
  contentHash: string;
  s3Key: string | null;
  byteSize: number;
}

/** The key holds the hash, so that an upload that is repeated writes the same file again. */
function describe(upload: Document, organizationId: string): FileFacts {
  const content = upload.sourceType === "url" ? upload.url : upload.bytes;
  const contentHash = createHash("sha256").update(content).digest("hex");
  if (upload.sourceType === "url") return { contentHash, s3Key: null, byteSize: 0 };
  return {
    contentHash,
    s3Key: `knowledge/${organizationId}/${upload.chatbotId}/${contentHash}`,
    byteSize: upload.bytes.length,
  };
}

/** A job that was killed leaves its source in `processing`: after 15 minutes of silence nobody works on it. */
function findSame(
  tenant: Tenant,
  chatbotId: string,
  contentHash: string,
): Promise<{ id: string; status: UploadResult["status"]; isRetryable: boolean } | undefined> {
  return maybeOne(
    tenant,
    `select id, status,
       status = 'failed' or (status <> 'ready' and updated_at < now() - interval '15 minutes') as "isRetryable"
     from knowledge_sources where chatbot_id = $1 and content_hash = $2`,
    [chatbotId, contentHash],
  );
}

async function saveSource(tenant: Tenant, upload: Document, file: FileFacts): Promise<string> {
  const { id } = await one<{ id: string }>(
    tenant,
    `insert into knowledge_sources
       (organization_id, chatbot_id, source_type, name, url, s3_key, content_hash, byte_size)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (chatbot_id, content_hash) do update
       set name = excluded.name, status = 'pending', stage = null, progress = 0, error_message = null, recoveries = 0
     returning id`,
    [
      tenant.organizationId,
      upload.chatbotId,
      upload.sourceType,
      upload.name,
      upload.sourceType === "url" ? upload.url : null,
      file.s3Key,
      file.contentHash,
      file.byteSize,
    ],
  );
  return id;
}

/** A source that nobody will process must not look as if it waited. */
async function orFail<Result>(
  database: Database,
  { organizationId, sourceId }: { organizationId: string; sourceId: string },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await withTenant(database, organizationId, (tenant) =>
      tenant.query(
        `update knowledge_sources set status = 'failed', error_message = $2 where id = $1`,
        [sourceId, "The document could not be stored or processed. Upload it again."],
      ),
    );
    throw error;
  }
}

async function saveFile(s3: string, bytes: Buffer, contentType: string): Promise<void> {
  await wmill.writeS3File({ s3 }, new Blob([new Uint8Array(bytes)]), undefined, contentType);
}

/** The database goes as a reference: job arguments are stored, and hold no password. */
export function startProcessing(sourceId: string): Promise<string> {
  return startScript("f/knowledge/process_document", {
    knowledge_source_id: sourceId,
    db: "$res:f/platform/postgres",
  });
}
