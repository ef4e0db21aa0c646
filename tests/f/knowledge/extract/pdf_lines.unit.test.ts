import { describe, expect, it } from "vitest";
import { linesToText } from "../../../../f/knowledge/extract/pdf_lines.ts";

/** A line at this height above the page's lower edge. */
const line = (str: string, y: number, height = 10) => [
  { str, height, transform: [height, 0, 0, height, 40, y], hasEOL: false },
  { str: "", height: 0, transform: [1, 0, 0, 1, 0, 0], hasEOL: true },
];

describe("linesToText", () => {
  it("keeps the lines of a paragraph together and paragraphs apart", () => {
    const items = [line("one", 700), line("two", 688), line("three", 660)].flat();
    expect(linesToText(items)).toBe("one\ntwo\n\nthree");
  });

  it("takes another size for another paragraph", () => {
    expect(linesToText([line("Warranty", 700, 18), line("Seven years.", 680)].flat())).toBe(
      "Warranty\n\nSeven years.",
    );
  });

  it("joins a word that was hyphenated, and no number", () => {
    const items = [line("our ware-", 700), line("house in 2025-", 688), line("26", 676)].flat();
    expect(linesToText(items)).toBe("our warehouse in 2025-\n26");
  });

  it("joins the runs of one line as they are", () => {
    const run = { height: 10, transform: [10, 0, 0, 10, 40, 700], hasEOL: false };
    expect(linesToText(["We", " ", "open"].map((str) => ({ ...run, str })))).toBe("We open");
  });
});
