import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { FileType } from "../f/knowledge/file_type.ts";
import type { Queryable } from "./query.ts";
import type { LocalWindmill } from "./windmill/start_windmill.ts";

/** What a form in the Windmill UI would hand to f/knowledge/upload_document. */
export type UploadArguments = { chatbotId: string; name: string } & (
  | { sourceType: FileType; content: Uint8Array }
  | { sourceType: "url"; url: string }
);

export interface SourceProgress {
  status: "pending" | "processing" | "ready" | "failed";
  /** 0 to 100 */
  percent: number;
  pages: number | null;
  chunks: number;
}

/** The upload was refused, or the document could not be read; the message is the tenant's sentence. */
export class UploadFailed extends Error {
  override readonly name = "UploadFailed";
}

const uploaded = z.object({ knowledge_source_id: z.uuid() });
const failedJob = z.object({ error: z.object({ message: z.string() }) });
const POLL_MS = 150;
const LONGEST_MS = 120_000;

/** Uploads a source through the script that is deployed for it, and resolves when it can be searched. */
export async function uploadKnowledge(
  { windmill, admin }: { windmill: LocalWindmill; admin: Queryable },
  upload: UploadArguments,
  onProgress: (progress: SourceProgress) => void,
): Promise<SourceProgress> {
  const jobId = await windmill.runScript("f/knowledge/upload_document", {
    chatbot_id: upload.chatbotId,
    source_type: upload.sourceType,
    name: JSON.stringify(upload.name),
    db: "$res:f/platform/postgres",
    ...("url" in upload
      ? { url: JSON.stringify(upload.url) }
      : { file_content: Buffer.from(upload.content).toString("base64") }),
  });
  const { success, result } = await windmill.waitForJob(jobId);
  if (!success) throw new UploadFailed(failedJob.parse(result).error.message);
  return followSource(admin, uploaded.parse(result).knowledge_source_id, onProgress);
}

async function followSource(
  admin: Queryable,
  sourceId: string,
  onProgress: (progress: SourceProgress) => void,
): Promise<SourceProgress> {
  const deadline = Date.now() + LONGEST_MS;
  let shown = "";
  while (Date.now() < deadline) {
    const [source] = await admin.query<SourceProgress & { error_message: string | null }>(
      `select status, progress as percent, page_count as pages, chunk_count as chunks, error_message
       from knowledge_sources where id = $1`,
      [sourceId],
    );
    if (!source) throw new UploadFailed("The source was deleted while it was being processed.");
    if (source.status === "failed") throw new UploadFailed(source.error_message ?? "unknown");
    if (shown !== `${source.status} ${source.percent}`) onProgress(source);
    shown = `${source.status} ${source.percent}`;
    if (source.status === "ready") return source;
    await sleep(POLL_MS);
  }
  throw new UploadFailed(`The source ${sourceId} was not ready within ${LONGEST_MS / 1000} s.`);
}
