import { createHash } from "node:crypto";
import {
  getPublicUrl,
  type PublicHttpPolicy,
  type PublicResponse,
  type Validators,
} from "../platform/public_http.ts";
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

/** Which state of a web page this is. */
export interface PageState extends Validators {
  /** sha256 of its bytes */
  hash: string;
}

export interface SourceContent {
  type: FileType;
  raw: RawDocument;
  /** absent for a file */
  page?: PageState;
}

/** @throws DocumentError, PublicHttpError */
export async function readSource(
  source: KnowledgeSource,
  files: SourceFiles,
): Promise<SourceContent> {
  return source.sourceType === "url" ? readUrl(source.url, files) : readFile(source, files);
}

async function readFile(
  { s3Key, sourceType }: FileSource,
  files: SourceFiles,
): Promise<SourceContent> {
  const bytes = s3Key === null ? undefined : await files.load(s3Key);
  if (bytes === undefined) throw new FileMissingError(s3Key ?? "");
  return { type: checkedType(sourceType, bytes), raw: { bytes } };
}

async function readUrl(url: string, files: SourceFiles): Promise<SourceContent> {
  const page = await getPage(url, files);
  const { body, charset, contentType } = page;
  // servers say text/html for anything and application/octet-stream for PDFs: the bytes decide
  const type = fileTypeOf(body) ?? (contentType.startsWith("text/") ? "text" : null);
  if (type === null || type === "ole") throw new UnsupportedTypeError(contentType || "unknown");
  const isHtml = ["text/html", "application/xhtml+xml"].includes(contentType);
  return {
    type: type === "text" && isHtml ? "html" : type,
    raw: { bytes: body, charset },
    page: stateOf(page),
  };
}

/**
 * A page that becomes knowledge, or has become it: then `known` says in which state.
 *
 * @throws PublicHttpError
 */
export async function getPage(
  url: string,
  files: Pick<SourceFiles, "readHttpPolicy" | "pageTimeoutMs">,
  known?: Validators,
): Promise<PublicResponse> {
  return getPublicUrl(url, {
    policy: await files.readHttpPolicy(),
    accept: "text/html, application/xhtml+xml, application/pdf;q=0.9, text/plain;q=0.8",
    maxBytes: MAX_PAGE_BYTES,
    totalTimeoutMs: files.pageTimeoutMs,
    ...(known ? { known } : {}),
  });
}

export function stateOf({ body, validators }: PublicResponse): PageState {
  return { ...validators, hash: createHash("sha256").update(body).digest("hex") };
}
