import { CsvError, parse } from "csv-parse/sync";
import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError, DocumentTooComplexError } from "../document_errors.ts";
import { type ExtractedDocument, MAX_CHARACTERS, type RawDocument } from "../extracted_document.ts";
import { withLabel } from "./table_rows.ts";

/** The most frequent first: of equals, the first is taken. */
const DELIMITERS = [",", ";", "\t", "|"];

/** A table as text: a paragraph for each row, with a line "column: value" for each value, so that a row stays whole. */
export async function extractCsv({ bytes, charset }: RawDocument): Promise<ExtractedDocument> {
  const csv = decodeText(bytes, charset);
  if (csv === undefined) throw new DocumentDamagedError("The table");
  const [labels = [], ...rows] = readRows(csv);
  const paragraphs = rows.length === 0 ? [labels.join("\n")] : rowTexts(labels, rows);
  return { text: paragraphs.join("\n\n"), pages: [], headings: [] };
}

function readRows(csv: string): string[][] {
  try {
    return parse(csv, {
      delimiter: delimiterOf(csv),
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (error) {
    if (error instanceof CsvError) throw new DocumentDamagedError("The table", { cause: error });
    throw error;
  }
}

/** The labels are repeated for each row: a small file can ask for a text without end. */
function rowTexts(labels: readonly string[], rows: readonly string[][]): string[] {
  let characters = 0;
  return rows.map((row) => {
    const lines = row.map((value, column) => withLabel(value, labels[column] ?? ""));
    const text = lines.filter((line) => line !== "").join("\n");
    characters += text.length;
    if (characters > MAX_CHARACTERS) throw new DocumentTooComplexError(TOO_LONG);
    return text;
  });
}

const TOO_LONG = `it has more than ${MAX_CHARACTERS} characters`;

/** The one that the first line, in which the columns are named, has most of. */
function delimiterOf(csv: string): string {
  const line = /[^\r\n]+/.exec(csv)?.[0].replace(/"[^"]*"/g, "") ?? "";
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}
