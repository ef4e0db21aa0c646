import { deflateSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";

/** A PDF of these objects, of which the first is the catalogue. A stream's dictionary needs no /Length. */
function pdf(objects: (string | { dictionary: string; stream: Buffer })[], trailer = ""): Buffer {
  const parts = [Buffer.from("%PDF-1.7\n")];
  const offsets: number[] = [];
  let size = parts[0]?.length ?? 0;
  const write = (part: string | Buffer) => {
    const bytes = Buffer.from(part as string);
    parts.push(bytes);
    size += bytes.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(size);
    write(`${index + 1} 0 obj\n`);
    if (typeof object === "string") write(object);
    else {
      write(`<< ${object.dictionary} /Length ${object.stream.length} >>\nstream\n`);
      write(object.stream);
      write("\nendstream");
    }
    write("\nendobj\n");
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`);
  const count = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${table.join("")}trailer\n<< /Size ${count} /Root 1 0 R ${trailer} >>\n` +
        `startxref\n${size}\n%%EOF`,
    ),
  );
  return Buffer.concat(parts);
}

const onePage = (resources: string) => [
  "<< /Type /Catalog /Pages 2 0 R >>",
  "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << ${resources} >> >>`,
];
const content = (operators: string) => ({ dictionary: "", stream: Buffer.from(operators) });
const FONT = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

/** A page whose content is 100 MB of text operators; 100 KB as a file. */
export function pdfBomb(): Buffer {
  const operators = Buffer.alloc(100 * 1024 * 1024, "(all work and no play) Tj\n");
  // in the place of the first operator, to the byte
  operators.write("BT /F 9 Tf".padEnd("(all work and no play) Tj\n".length));
  const stream = deflateSync(operators);
  return pdf([...onePage(FONT), { dictionary: "/Filter /FlateDecode", stream }]);
}

/** 40 forms, each of which draws the next one twice: 2^40 drawings. */
export function endlessPdf(): Buffer {
  const depth = 40;
  const form = (level: number) => ({
    dictionary: `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << ${FONT} /XObject << /X ${level + 6} 0 R >> >>`,
    stream: Buffer.from("/X Do /X Do"),
  });
  const last = {
    dictionary: `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << ${FONT} >>`,
    stream: Buffer.from("BT /F 9 Tf (a) Tj ET"),
  };
  return pdf([
    ...onePage("/XObject << /X 5 0 R >>"),
    content("/X Do"),
    ...Array.from({ length: depth }, (_, level) => form(level)),
    last,
  ]);
}

/** A form that draws itself. */
export function selfDrawingPdf(): Buffer {
  const form = {
    dictionary:
      "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>",
    stream: Buffer.from("/X Do"),
  };
  return pdf([...onePage("/XObject << /X 5 0 R >>"), content("/X Do"), form]);
}

/** Encrypted (RC4, 40 bits) with a password that is not the empty one. */
export function protectedPdf(): Buffer {
  const hash = "5a".repeat(32);
  return pdf(
    [...onePage(FONT), content("BT /F 9 Tf (secret) Tj ET")],
    `/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${hash}> /U <${hash}> >> /ID [<00> <00>]`,
  );
}

/** A page with nothing but a drawing, as a scanner's pages are. */
export function scannedPdf(): Buffer {
  return pdf([...onePage(""), content("0 0 100 100 re f")]);
}

/** A Word document of this body, with these declarations before it; `name` is what Word Online changes. */
export function docx(
  body: string,
  { before = "", styles = "", footnotes = "", name = "document" } = {},
): Buffer {
  const namespaces = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
  const document = `<?xml version="1.0" encoding="UTF-8"?>${before}<w:document ${namespaces}><w:body>${body}</w:body></w:document>`;
  const parts = {
    "[Content_Types].xml": strToU8("<Types/>"),
    [`word/${name}.xml`]: strToU8(document),
    "word/styles.xml": strToU8(`<w:styles ${namespaces}>${styles}</w:styles>`),
    "word/footnotes.xml": strToU8(`<w:footnotes ${namespaces}>${footnotes}</w:footnotes>`),
  };
  return Buffer.from(zipSync(parts, { level: 1 }));
}

export function paragraph(text: string, style?: string): string {
  const properties = style === undefined ? "" : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`;
  return `<w:p>${properties}<w:r><w:t>${text}</w:t></w:r></w:p>`;
}

/** 70 MB of text in 0.3 MB. */
export function docxBomb(): Buffer {
  return docx(paragraph("a".repeat(70 * 1024 * 1024)));
}

/** Empty paragraphs: each of them would be several objects in a tree. */
export function crowdedDocx(): Buffer {
  return docx(`${paragraph("The only line.")}${"<w:p><w:pPr/></w:p>".repeat(300_000)}`);
}

/** More entries than a document with a picture on each page has. */
export function scatteredDocx(): Buffer {
  const parts = Array.from({ length: 10_001 }, (_, n) => [`word/media/${n}.png`, new Uint8Array()]);
  return Buffer.from(
    zipSync({ ...Object.fromEntries(parts), "word/document.xml": strToU8("<x/>") }),
  );
}

/** The same bomb, whose directory says that it is 100 bytes. */
export function lyingDocxBomb(): Buffer {
  const bomb = docxBomb();
  const entry = bomb.lastIndexOf("word/document.xml");
  // the name stands 46 bytes into an entry of the directory, the size 24
  bomb.writeUInt32LE(100, entry - 46 + 24);
  return bomb;
}

export function nestedDocx(): Buffer {
  return docx(`${"<w:sdt>".repeat(100_000)}${paragraph("deep")}${"</w:sdt>".repeat(100_000)}`);
}

/** Entities that read a file, and that grow a thousand million times. */
export function docxWithEntities(): Buffer {
  const laughs = Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
  );
  const before = `<!DOCTYPE w:document [<!ENTITY xxe SYSTEM "file:///etc/passwd"><!ENTITY l0 "lol">${laughs.join("")}]>`;
  return docx(paragraph("&xxe; &l9;"), { before });
}

export function nestedHtml(elements: number): Buffer {
  return Buffer.from(`<!doctype html><html><body>${"<div>".repeat(elements)}deep`);
}
