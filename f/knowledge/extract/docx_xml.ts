import { Parser } from "htmlparser2";
import { DocumentDamagedError, DocumentTooComplexError } from "../document_errors.ts";

/** A table in a text box in a table is 40 deep. */
const MAX_DEPTH = 200;

export interface XmlReader {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  close(name: string): void;
  text(text: string): void;
}

/**
 * Reads XML from the start to the end, and builds no tree. Entities other than XML's own stay as they are written,
 * so that none reads a file or grows; a document type, which could declare them, is in no Word document.
 *
 * @throws DocumentError
 */
export function readXml(xml: string, reader: XmlReader): void {
  let depth = 0;
  let isEmpty = true;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (++depth > MAX_DEPTH) {
          throw new DocumentTooComplexError(`more than ${MAX_DEPTH} of its parts are nested`);
        }
        isEmpty = false;
        reader.open(name, attributes);
      },
      onclosetag(name) {
        depth--;
        reader.close(name);
      },
      ontext: (text) => reader.text(text),
      onprocessinginstruction(name) {
        if (/^!doctype$/i.test(name)) throw new DocumentDamagedError("The Word document");
      },
    },
    { xmlMode: true },
  );
  parser.write(xml);
  // a part that was cut off leaves elements open, or has not come to the first
  if (isEmpty || depth > 0) throw new DocumentDamagedError("The Word document");
  parser.end();
}
