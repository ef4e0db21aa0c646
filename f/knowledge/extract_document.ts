import { storableText } from "../platform/storable_text.ts";
import { NoTextError } from "./document_errors.ts";
import { extractPdf } from "./extract/pdf.ts";
import { extractPlainText } from "./extract/plain_text.ts";
import { extractWebPage } from "./extract/web_page.ts";
import type { ExtractedDocument, Extractor, RawDocument } from "./extracted_document.ts";
import type { FileType } from "./file_type.ts";

const EXTRACTORS: Record<FileType, Extractor> = {
  pdf: extractPdf,
  text: extractPlainText,
  html: extractWebPage,
};

/**
 * The text of an untrusted document, fit for PostgreSQL.
 *
 * @throws DocumentError
 */
export async function extractDocument(
  type: FileType,
  raw: RawDocument,
): Promise<ExtractedDocument> {
  const document = await EXTRACTORS[type](raw);
  if (document.text.trim() === "") throw new NoTextError();
  // one character for one: the offsets stay
  return { ...document, text: storableText(document.text) };
}
