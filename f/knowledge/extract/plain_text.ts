import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError } from "../document_errors.ts";
import type { ExtractedDocument, RawDocument } from "../extracted_document.ts";

export async function extractPlainText({
  bytes,
  charset,
}: RawDocument): Promise<ExtractedDocument> {
  const text = decodeText(bytes, charset);
  if (text === undefined) throw new DocumentDamagedError("The text");
  return { text: text.replaceAll("\r\n", "\n"), pages: [], headings: [] };
}
