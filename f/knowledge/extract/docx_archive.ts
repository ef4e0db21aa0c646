import { unzipSync } from "fflate";
import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError, DocumentTooComplexError } from "../document_errors.ts";

/** A book of 1,000 pages has a document.xml of some 30 MB; media are not unpacked at all. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** Each picture is an entry. */
const MAX_ENTRIES = 10_000;

const READ = /^word\/(document\d*|styles|footnotes|endnotes)\.xml$/;

export interface DocxParts {
  document: string;
  styles: string | undefined;
  notes: string[];
}

/**
 * The parts of a Word document that have its text. What an archive says of its sizes is added up before anything is
 * unpacked, and an entry that is larger than it says is cut there.
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
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (++entries > MAX_ENTRIES) {
          throw new DocumentTooComplexError(`it has more than ${MAX_ENTRIES} parts`);
        }
        if (!READ.test(name)) return false;
        unpacked += originalSize;
        if (unpacked > MAX_UNPACKED_BYTES) {
          throw new DocumentTooComplexError(
            `its text has more than ${MAX_UNPACKED_BYTES / 1024 / 1024} MB`,
          );
        }
        return true;
      },
    });
  } catch (error) {
    if (error instanceof DocumentTooComplexError) throw error;
    throw new DocumentDamagedError("The Word document", { cause: error });
  }
}
