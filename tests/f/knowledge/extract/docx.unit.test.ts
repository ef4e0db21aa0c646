import { describe, expect, it } from "vitest";
import { chunkDocument } from "../../../../f/knowledge/chunk.ts";
import { extractDocument } from "../../../../f/knowledge/extract_document.ts";
import { docx, paragraph, scatteredDocx } from "../hostile_documents.ts";

const style = (id: string, name: string, rest = "") =>
  `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${rest}</w:style>`;
const styles = [
  style("berschrift1", "heading 1"),
  style("berschrift2", "heading 2"),
  style("Eigene", "Meine Überschrift", '<w:basedOn w:val="berschrift2"/>'),
  style("Kreis", "Kreis", '<w:basedOn w:val="Kreis"/>'),
  style("Gliederung", "Gliederung", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
].join("");
const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
const row = (cells: string[], header = "") =>
  `<w:tr>${header && "<w:trPr><w:tblHeader/></w:trPr>"}${cells.map(cell).join("")}</w:tr>`;

const read = (body: string) => extractDocument("docx", { bytes: docx(body, { styles }) });

describe("a Word document", () => {
  it("is read with its headings, whatever the language of its styles", async () => {
    const { text, headings } = await read(
      paragraph("Delivery", "berschrift1") +
        paragraph("We deliver.", "Kreis") +
        paragraph("Islands", "Eigene") +
        paragraph("It costs 14 euros.") +
        paragraph("Returns", "Gliederung"),
    );
    expect(text).toBe("Delivery\n\nWe deliver.\n\nIslands\n\nIt costs 14 euros.\n\nReturns");
    expect(headings).toEqual([
      { offset: 0, level: 1, title: "Delivery" },
      { offset: 23, level: 2, title: "Islands" },
      { offset: 52, level: 1, title: "Returns" },
    ]);
  });

  it("gives each value of a table its column, where the table names them", async () => {
    const rows = row(["Place", "Price"], "header") + row(["Islands", "14"]) + row(["Rest", ""]);
    expect((await read(`<w:tbl>${rows}</w:tbl>`)).text).toBe(
      "Place: Islands | Price: 14\nPlace: Rest",
    );
    const bare = row(["Monday", "9 to 18"]) + row(["Sunday", "closed"]);
    expect((await read(`<w:tbl>${bare}</w:tbl>`)).text).toBe("Monday | 9 to 18\nSunday | closed");
  });

  it("gives no value the name of another column: where cells are merged, or a later row is marked", async () => {
    const merged = row(["Place", "Price"], "header") + row(["Closed in winter"]);
    expect((await read(`<w:tbl>${merged}</w:tbl>`)).text).toBe("Closed in winter");
    const later = row(["Islands", "14"]) + row(["Place", "Price"], "header") + row(["Rest", "9"]);
    expect((await read(`<w:tbl>${later}</w:tbl>`)).text).toBe(
      "Islands | 14\nPlace | Price\nRest | 9",
    );
  });

  it("gives a table in a cell as text of that cell", async () => {
    const inner = `<w:tbl>${row(["9 to 12"])}${row(["14 to 18"])}</w:tbl>`;
    const outer = `<w:tr>${cell("Monday")}<w:tc>${inner}</w:tc></w:tr>${row(["Sunday", "closed"])}`;
    expect((await read(`<w:tbl>${outer}</w:tbl>`)).text).toBe(
      "Monday | 9 to 12 14 to 18\nSunday | closed",
    );
  });

  it("is read with its text boxes, once each, and its notes, which stand at the end", async () => {
    const box = `<w:txbxContent>${paragraph("Call us.")}</w:txbxContent>`;
    const body =
      `<w:p><w:r><w:t>We deliver.</w:t><mc:AlternateContent><mc:Choice>${box}</mc:Choice>` +
      `<mc:Fallback>${box}</mc:Fallback></mc:AlternateContent></w:r></w:p>`;
    const bytes = docx(body, {
      footnotes: `<w:footnote>${paragraph("Not to islands.")}</w:footnote>`,
    });
    const { text } = await extractDocument("docx", { bytes });
    expect(text).toBe("We deliver.\nCall us.\n\nNot to islands.");
  });

  it("is refused when it has more than 10,000 parts", async () => {
    await expect(extractDocument("docx", { bytes: scatteredDocx() })).rejects.toMatchObject({
      name: "DocumentTooComplexError",
      message: expect.stringContaining("10000 parts"),
    });
  });

  it("is found under the name that Word Online gives it", async () => {
    const bytes = docx(paragraph("We deliver."), { name: "document2" });
    expect((await extractDocument("docx", { bytes })).text).toBe("We deliver.");
  });

  it("is read as it is shown: without what was deleted, with breaks, lists and entities", async () => {
    const { text } = await read(
      `<w:p><w:r><w:t>Tom &amp; Ann</w:t><w:br/><w:t xml:space="preserve">are </w:t></w:r>` +
        "<w:del><w:r><w:t>not </w:t><w:delText>not</w:delText></w:r></w:del><w:r><w:t>here</w:t></w:r></w:p>" +
        `<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>Pumps</w:t></w:r></w:p>` +
        `<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>`,
    );
    expect(text).toBe("Tom & Ann\nare here\n\n- Pumps");
  });
});

describe("Markdown, a table and a page's file", () => {
  const bytes = (text: string) => ({ bytes: Buffer.from(text) });

  it("are read by their headings, lists, tables and code", async () => {
    const markdown =
      "---\ntitle: x\n---\n# Delivery\n\nWe *deliver*.\n\n## Prices\n\n| Place | Price |\n|---|---|\n| Islands | 14 |\n\n```\na\n  b\n```\n\n- Pumps\n- Wheels";
    const { text, headings } = await extractDocument("markdown", bytes(markdown));
    expect(text).toBe(
      "Delivery\n\nWe deliver.\n\nPrices\n\nPlace: Islands | Price: 14\n\na\nb\n\n- Pumps\n- Wheels",
    );
    expect(headings.map(({ level, title }) => [level, title])).toEqual([
      [1, "Delivery"],
      [2, "Prices"],
    ]);
  });

  it.each([
    ["commas", 'Model,Price,Note\nAurora,"1,499",\nBorealis,899,"two\nlines"\n'],
    ["semicolons", 'Model;Price;Note\r\nAurora;1,499;\r\nBorealis;899;"two\nlines"'],
    ["tabs", 'Model\tPrice\tNote\nAurora\t1,499\t\nBorealis\t899\t"two\nlines"'],
  ])("a table with %s has a paragraph a row, each value with its column", async (_what, csv) => {
    const { text } = await extractDocument("csv", bytes(csv));
    expect(text).toBe(
      "Model: Aurora\nPrice: 1,499\n\nModel: Borealis\nPrice: 899\nNote: two\nlines",
    );
  });

  it("is refused when it has more than 8 million characters", async () => {
    const long = bytes("x".repeat(8_000_001));
    await expect(extractDocument("text", long)).rejects.toMatchObject({
      name: "DocumentTooComplexError",
      message: expect.stringContaining("8000000 characters"),
    });
    const longest = { bytes: long.bytes.subarray(1) };
    expect((await extractDocument("text", longest)).text).toHaveLength(8_000_000); // control
  });

  it("keeps a table's rows whole in passages", async () => {
    const rows = Array.from({ length: 200 }, (_, n) => `Model ${n},${n} euros`);
    const document = await extractDocument("csv", bytes(`Model,Price\n${rows.join("\n")}`));
    const chunks = chunkDocument(document);
    expect(chunks.length).toBeGreaterThan(5);
    for (const { content } of chunks) expect(content).toMatch(/^Model: .*Price: \d+ euros$/s);
  });
});
