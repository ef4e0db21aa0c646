import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { PDFDocument, StandardFonts } from "pdf-lib";

export const PDF_PAGES = 300;
export const DOCX_PAGES = 100;
export const WEB_PAGES = 200;

const LINES_A_PAGE = 45;
const WORDS =
  "the wheel of a bicycle is trued at the first inspection and the warranty of its frame lasts for seven years while delivery to islands costs more".split(
    " ",
  );

/** Writes handbook.pdf, handbook.docx and 0.html to 199.html. The same every time. */
export async function writeDocuments(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "handbook.pdf"), await makePdf());
  await writeFile(join(folder, "handbook.docx"), makeDocx());
  for (let page = 0; page < WEB_PAGES; page++) {
    await writeFile(join(folder, `${page}.html`), makeWebPage(page));
  }
}

async function makePdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (let number = 0; number < PDF_PAGES; number++) {
    const page = document.addPage([595, 842]);
    for (let line = 0; line < LINES_A_PAGE; line++) {
      page.drawText(words(number * LINES_A_PAGE + line, 15), {
        x: 40,
        y: 800 - line * 16,
        size: 10,
        font,
      });
    }
  }
  return document.save();
}

function makeDocx(): Uint8Array {
  const paragraph = (text: string, style = "") =>
    `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:rPr><w:lang w:val="en-US"/></w:rPr><w:t>${text}</w:t></w:r></w:p>`;
  const pages = Array.from({ length: DOCX_PAGES }, (_, page) =>
    [
      paragraph(`Chapter ${page}`, "Heading1"),
      ...Array.from({ length: 9 }, (_, n) => paragraph(words(page * 9 + n, 75))),
      '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
    ].join(""),
  );
  const namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  return zipSync({
    "[Content_Types].xml": strToU8(
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ),
    "_rels/.rels": strToU8(
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${office}/officeDocument" Target="word/document.xml"/></Relationships>`,
    ),
    "word/document.xml": strToU8(
      `<w:document ${namespace}><w:body>${pages.join("")}</w:body></w:document>`,
    ),
    "word/styles.xml": strToU8(
      `<w:styles ${namespace}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
    ),
  });
}

/** An article of a page's length in the frame of a shop's site. */
function makeWebPage(page: number): string {
  const links = Array.from({ length: 60 }, (_, n) => `<li><a href="/${n}">${words(n, 3)}</a></li>`);
  const paragraphs = Array.from({ length: 9 }, (_, n) => `<p>${words(page * 9 + n, 75)}</p>`);
  return `<!doctype html><html><head><title>Page ${page}</title></head><body><nav><ul>${links.join("")}</ul></nav>
    <article><h1>Page ${page}</h1>${paragraphs.join("\n")}</article><footer><ul>${links.join("")}</ul></footer></body></html>`;
}

function words(from: number, count: number): string {
  return `${from}: ${Array.from({ length: count }, (_, n) => WORDS[(from * 7 + n * 5) % WORDS.length]).join(" ")}.`;
}
