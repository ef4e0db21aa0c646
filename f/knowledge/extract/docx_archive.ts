import { Unzip, UnzipInflate } from "fflate";
import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError, DocumentTooComplexError } from "../document_errors.ts";

/** A book of 1,000 pages has a document.xml of some 30 MB; media are not unpacked at all. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** Each picture is an entry. */
const MAX_ENTRIES = 10_000;

/** Unpacked at a time: a thousandfold at most, so 16 MB. */
const STEP_BYTES = 16 * 1024;

const TOO_LARGE = `its text has more than ${MAX_UNPACKED_BYTES / 1024 / 1024} MB`;

const READ = /^word\/(document\d*|styles|footnotes|endnotes)\.xml$/;

export interface DocxParts {
  document: string;
  styles: string | undefined;
  notes: string[];
}

/**
 * The parts of a Word document that have its text. Bytes are counted as they are unpacked: what an archive says of
 * its sizes need not be true.
 *
 * @throws DocumentError
 */
export function openDocx(bytes: Uint8Array): DocxParts {
  const entries = unzip(bytes);
  const textOf = (name: string | undefined) => {
    const entry = name === undefined ? undefined : entries[name];
    return entry && decodeText(entry);
  };
  // Word Online calls it document2.xml
  const main = Object.keys(entries).find((name) => /^word\/document\d*\.xml$/.test(name));
  const document = textOf(main);
  if (document === undefined) throw new DocumentDamagedError("The Word document");
  const notes = [textOf("word/footnotes.xml"), textOf("word/endnotes.xml")];
  return {
    document,
    styles: textOf("word/styles.xml"),
    notes: notes.filter((note) => note !== undefined),
  };
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  let unpacked = 0;
  let entries = 0;
  const parts = new Map<string, Uint8Array[]>();
  const unzipping = new Unzip((entry) => {
    if (++entries > MAX_ENTRIES) {
      throw new DocumentTooComplexError(`it has more than ${MAX_ENTRIES} parts`);
    }
    // what is not started is skipped
    if (!READ.test(entry.name)) return;
    const chunks: Uint8Array[] = [];
    parts.set(entry.name, chunks);
    entry.ondata = (error, chunk) => {
      if (error) throw error;
      unpacked += chunk.length;
      if (unpacked > MAX_UNPACKED_BYTES) throw new DocumentTooComplexError(TOO_LARGE);
      chunks.push(chunk);
    };
    entry.start();
  });
  unzipping.register(UnzipInflate);
  try {
    for (let start = 0; start < bytes.length; start += STEP_BYTES) {
      const end = start + STEP_BYTES;
      unzipping.push(bytes.subarray(start, end), end >= bytes.length);
    }
  } catch (error) {
    if (error instanceof DocumentTooComplexError) throw error;
    throw new DocumentDamagedError("The Word document", { cause: error });
  }
  return Object.fromEntries([...parts].map(([name, chunks]) => [name, Buffer.concat(chunks)]));
}
