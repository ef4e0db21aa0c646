import type { ExtractedDocument, RawDocument } from "../extracted_document.ts";
import { openDocx } from "./docx_archive.ts";
import { headingLevels } from "./docx_styles.ts";
import { writeDocx } from "./docx_text.ts";
import { TextWriter } from "./text_writer.ts";

/** A Word document's text with its headings, lists and tables; the notes stand at its end, as on paper. */
export async function extractDocx({ bytes }: RawDocument): Promise<ExtractedDocument> {
  const { document, styles, notes } = openDocx(bytes);
  const levels = styles === undefined ? new Map<string, number>() : headingLevels(styles);
  const writer = new TextWriter();
  for (const part of [document, ...notes]) writeDocx(part, levels, writer);
  return { ...writer.finish(), pages: [] };
}
