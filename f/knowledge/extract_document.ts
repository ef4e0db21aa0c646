import { storableText } from "../platform/storable_text.ts";
import { DocumentTooComplexError, NoTextError } from "./document_errors.ts";
import { extractCsv } from "./extract/csv.ts";
import { extractDocx } from "./extract/docx.ts";
import { extractMarkdown } from "./extract/markdown.ts";
import { extractPdf } from "./extract/pdf.ts";
import { extractPlainText } from "./extract/plain_text.ts";
import { extractWebPage } from "./extract/web_page.ts";
import {
  type ExtractedDocument,
  type Extractor,
  MAX_CHARACTERS,
  type RawDocument,
} from "./extracted_document.ts";
import type { FileType } from "./file_type.ts";

const EXTRACTORS: Record<FileType, Extractor> = {
  pdf: extractPdf,
  docx: extractDocx,
  text: extractPlainText,
  markdown: extractMarkdown,
  html: extractWebPage,
  csv: extractCsv,
};

/**
 * The text of an untrusted document, fit for PostgreSQL. Some documents keep a parser busy for ever: outside a test
 * it is called in a process that can be killed (extraction_process.ts).
 *
 * @throws DocumentError
 */
export async function extractDocument(
  type: FileType,
  raw: RawDocument,
): Promise<ExtractedDocument> {
  const document = await EXTRACTORS[type](raw).catch(toDocumentError);
  if (document.text.trim() === "") throw new NoTextError();
  if (document.text.length > MAX_CHARACTERS) {
    throw new DocumentTooComplexError(`it has more than ${MAX_CHARACTERS} characters`);
  }
  // one character for one: the offsets stay
  return { ...document, text: storableText(document.text) };
}

/** Parsers call themselves for what is nested; a RangeError is a call stack, a string or an array that is full. */
function toDocumentError(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new DocumentTooComplexError("its parts are nested too deep or too long");
}
