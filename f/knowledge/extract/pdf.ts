import { getDocumentProxy } from "unpdf";
import {
  DocumentDamagedError,
  DocumentProtectedError,
  DocumentTooComplexError,
  ScannedDocumentError,
} from "../document_errors.ts";
import {
  type ExtractedDocument,
  MAX_CHARACTERS,
  type PageStart,
  type RawDocument,
} from "../extracted_document.ts";
import { linesToText, type PdfTextItem } from "./pdf_lines.ts";

const MAX_PAGES = 2_000;

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** The text of a PDF, page by page, through pdf.js. It can take any time and memory: call it only in a job of its own. */
export async function extractPdf({ bytes }: RawDocument): Promise<ExtractedDocument> {
  // a copy, because pdf.js takes the buffer over, and no Buffer, because it refuses that
  const document = await open(new Uint8Array(bytes));
  try {
    return await readPages(document);
  } finally {
    await document.loadingTask.destroy();
  }
}

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(bytes, { isEvalSupported: false, verbosity: 0 });
  } catch (error) {
    throw toDocumentError(error, "The PDF");
  }
}

/** What pdf.js says about a file; an error of another kind is ours, and stays what it is. */
function toDocumentError(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "PasswordException")
    return new DocumentProtectedError("The PDF", { cause: error });
  return /Exception$|^FormatError$/.test(error.name)
    ? new DocumentDamagedError(what, { cause: error })
    : error;
}

async function readPages(document: PdfDocument): Promise<ExtractedDocument> {
  if (document.numPages > MAX_PAGES) {
    throw new DocumentTooComplexError(`it has more than ${MAX_PAGES} pages`);
  }
  let text = "";
  const pages: PageStart[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    pages.push({ page: number, offset: text.length });
    text += `${await readPage(document, number)}\n\n`;
    if (text.length > MAX_CHARACTERS) {
      throw new DocumentTooComplexError(`it has more than ${MAX_CHARACTERS} characters`);
    }
  }
  if (text.trim() === "") throw new ScannedDocumentError();
  return { text, pages, headings: [] };
}

async function readPage(document: PdfDocument, number: number): Promise<string> {
  try {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return linesToText(items.filter((item): item is typeof item & PdfTextItem => "str" in item));
  } catch (error) {
    throw toDocumentError(error, `Page ${number} of the PDF`);
  }
}
