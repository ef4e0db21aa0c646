import { getDocumentProxy } from "unpdf";
import {
  DocumentDamagedError,
  DocumentProtectedError,
  DocumentTooComplexError,
} from "../document_errors.ts";
import type { ExtractedDocument, PageStart, RawDocument } from "../extracted_document.ts";
import { linesToText, type PdfTextItem } from "./pdf_lines.ts";

const MAX_PAGES = 2_000;
/** A book of 2,000 pages has about 5 million characters: 6,000 passages. */
const MAX_CHARACTERS = 8_000_000;

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** The text of a PDF, page by page, through pdf.js. It can take any time and memory: call it only in a job of its own. */
export async function extractPdf({ bytes }: RawDocument): Promise<ExtractedDocument> {
  // pdf.js takes the buffer over
  const document = await open(bytes.slice());
  try {
    return await readPages(document);
  } finally {
    await document.loadingTask.destroy();
  }
}

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(bytes, { isEvalSupported: false, verbosity: 0 });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "PasswordException") {
      throw new DocumentProtectedError({ cause });
    }
    throw new DocumentDamagedError("The PDF", { cause });
  }
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
  return { text, pages, headings: [] };
}

async function readPage(document: PdfDocument, number: number): Promise<string> {
  try {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return linesToText(items.filter((item): item is typeof item & PdfTextItem => "str" in item));
  } catch (cause) {
    throw new DocumentDamagedError(`Page ${number} of the PDF`, { cause });
  }
}
