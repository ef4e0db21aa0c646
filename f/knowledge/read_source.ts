import { getPublicUrl, type PublicHttpPolicy } from "../platform/public_http.ts";
import { FileMissingError, UnsupportedTypeError } from "./document_errors.ts";
import type { RawDocument } from "./extracted_document.ts";
import { checkedType, type FileType, fileTypeOf } from "./file_type.ts";
import type { FileSource, KnowledgeSource } from "./source_versions.ts";

/** A file may have 10 MB; a page of more than 5 MB is not made for reading. */
const MAX_PAGE_BYTES = 5 * 1024 * 1024;

/** Where the bytes of sources come from. */
export interface SourceFiles {
  /** undefined when there is no such file */
  load(s3Key: string): Promise<Uint8Array | undefined>;
  readHttpPolicy(): Promise<PublicHttpPolicy>;
  /** for a page with all its redirects */
  pageTimeoutMs: number;
}

/** @throws DocumentError, PublicHttpError */
export async function readSource(
  source: KnowledgeSource,
  files: SourceFiles,
): Promise<{ type: FileType; raw: RawDocument }> {
  return source.sourceType === "url" ? readUrl(source.url, files) : readFile(source, files);
}

async function readFile(
  { s3Key, sourceType }: FileSource,
  files: SourceFiles,
): Promise<{ type: FileType; raw: RawDocument }> {
  const bytes = s3Key === null ? undefined : await files.load(s3Key);
  if (bytes === undefined) throw new FileMissingError(s3Key ?? "");
  return { type: checkedType(sourceType, bytes), raw: { bytes } };
}

async function readUrl(
  url: string,
  files: SourceFiles,
): Promise<{ type: FileType; raw: RawDocument }> {
  const { body, charset, contentType } = await getPublicUrl(url, {
    policy: await files.readHttpPolicy(),
    accept: "text/html, application/xhtml+xml, application/pdf;q=0.9, text/plain;q=0.8",
    maxBytes: MAX_PAGE_BYTES,
    totalTimeoutMs: files.pageTimeoutMs,
  });
  // servers say text/html for anything and application/octet-stream for PDFs: the bytes decide
  const type = fileTypeOf(body) ?? (contentType.startsWith("text/") ? "text" : null);
  if (type === null || type === "ole") throw new UnsupportedTypeError(contentType || "unknown");
  const isHtml = ["text/html", "application/xhtml+xml"].includes(contentType);
  return { type: type === "text" && isHtml ? "html" : type, raw: { bytes: body, charset } };
}
