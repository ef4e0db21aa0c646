import { PDFDocument } from "pdf-lib";
import { describe, expect, it } from "vitest";
import { extractPdf } from "../../../../f/knowledge/extract/pdf.ts";
import { makePdf } from "../knowledge_world.ts";

describe("extractPdf", () => {
  it("keeps pages apart and tells where each begins", async () => {
    const bytes = await makePdf([["Welcome."], [], ["The warranty", "lasts seven years."]]);
    const { text, pages } = await extractPdf({ bytes });
    expect(pages.map(({ page }) => page)).toEqual([1, 2, 3]);
    const pageText = pages.map(({ offset }, index) =>
      text.slice(offset, pages[index + 1]?.offset).trim(),
    );
    expect(pageText).toEqual(["Welcome.", "", "The warranty\nlasts seven years."]);
  });

  it("leaves the caller's bytes as they were", async () => {
    const bytes = await makePdf([["Welcome."]]);
    const before = Buffer.from(bytes);
    await extractPdf({ bytes });
    expect(before.equals(bytes)).toBe(true);
  });

  it("says that a file is damaged", async () => {
    const whole = await makePdf([["Welcome."]]);
    for (const bytes of [Buffer.from("%PDF-1.7\nnothing"), whole.subarray(0, 60)]) {
      await expect(extractPdf({ bytes })).rejects.toMatchObject({ name: "DocumentDamagedError" });
    }
  });

  it("refuses more than 2,000 pages before it reads one", async () => {
    const document = await PDFDocument.create();
    for (let page = 0; page < 2_001; page++) document.addPage([10, 10]);
    await expect(extractPdf({ bytes: await document.save() })).rejects.toMatchObject({
      name: "DocumentTooComplexError",
      message: expect.stringContaining("2000 pages"),
    });
  });
});
