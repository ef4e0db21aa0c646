import { parseHTML } from "linkedom";
import { marked } from "marked";
import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError } from "../document_errors.ts";
import type { ExtractedDocument, RawDocument } from "../extracted_document.ts";
import { checkHtmlLimits } from "./html_limits.ts";
import { htmlToText } from "./html_text.ts";

/** Settings between two lines of dashes, which some tools put before the text. */
const FRONT_MATTER = /^---\r?\n[\s\S]*?\n---\r?\n/;

/** Markdown by its structure: headings, lists, tables and HTML become what they are in a web page. */
export async function extractMarkdown({ bytes, charset }: RawDocument): Promise<ExtractedDocument> {
  const markdown = decodeText(bytes, charset);
  if (markdown === undefined) throw new DocumentDamagedError("The text");
  const html = await marked.parse(markdown.replace(FRONT_MATTER, ""));
  checkHtmlLimits(html);
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
  return { ...htmlToText(document.body), pages: [] };
}
