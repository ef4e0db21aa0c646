import { describe, expect, it } from "vitest";
import { type Chunk, chunkDocument } from "../../../f/knowledge/chunk.ts";
import type { ExtractedDocument } from "../../../f/knowledge/extracted_document.ts";

const plain = (text: string): ExtractedDocument => ({ text, pages: [], headings: [] });
const sentence = (n: number) => `Sentence number ${n} says that the pump weighs ${n} kilograms.`;
const sentences = (count: number) => Array.from({ length: count }, (_, n) => sentence(n)).join(" ");
const contents = (document: ExtractedDocument) =>
  chunkDocument(document).map(({ content }) => content);

/** A heading before each of these sections. */
function underHeadings(
  sections: [level: number, title: string, body: string][],
): ExtractedDocument {
  let text = "";
  const headings = sections.map(([level, title, body]) => {
    const offset = text.length;
    text += `${title}\n\n${body}\n\n`;
    return { offset, level, title };
  });
  return { text, pages: [], headings };
}

describe("chunkDocument", () => {
  it("leaves a short text whole, without the spaces around it", () => {
    expect(chunkDocument(plain("\n\n We open at nine. \n"))).toEqual([
      { content: "We open at nine.", start: 3, end: 19, page: null, headingPath: [] },
    ]);
  });

  it("makes nothing of a text without a character", () => {
    expect(chunkDocument(plain(" \n\t ".repeat(1_000)))).toEqual([]);
  });

  it("cuts after a paragraph where one ends in the second half", () => {
    const first = sentences(14);
    expect(first.length).toBeGreaterThan(500);
    const chunks = contents(plain(`${first}\n\n${sentences(14)}`));
    expect(chunks[0]).toBe(first);
  });

  it("cuts after a sentence in a long paragraph", () => {
    const chunks = contents(plain(sentences(100)));
    expect(chunks.length).toBeGreaterThan(5);
    for (const chunk of chunks) {
      expect(chunk).toMatch(/^Sentence/);
      expect(chunk).toMatch(/kilograms\.$/);
    }
  });

  it("cuts after a word where there are no sentences", () => {
    for (const chunk of contents(plain("bicycle ".repeat(500)))) {
      expect(chunk).toMatch(/^(bicycle )*bicycle$/);
    }
  });

  it("cuts after a sentence where words have no spaces", () => {
    const chunks = contents(plain("我们的商店早上九点开门，晚上六点关门。".repeat(120)));
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk).toMatch(/^我们.*。$/);
  });

  it("repeats whole sentences of the passage before, 200 characters at most", () => {
    const [first, second] = chunkDocument(plain(sentences(40))) as [Chunk, Chunk];
    expect(second.start).toBeLessThan(first.end);
    expect(first.end - second.start).toBeLessThanOrEqual(200);
    expect(first.content).toContain(second.content.split(". ")[0]);
  });

  it("cuts at pages and repeats nothing across them, so that each passage has one page", () => {
    const [one, two] = [sentences(5), sentences(5).replaceAll("pump", "wheel")];
    const document = {
      text: `${one}\n\n${two}`,
      pages: [
        { page: 1, offset: 0 },
        { page: 2, offset: one.length + 2 },
      ],
      headings: [],
    };
    expect(chunkDocument(document)).toMatchObject([
      { page: 1, content: one },
      { page: 2, content: two },
    ]);
  });

  it("cuts at a heading, and starts there without repeating anything", () => {
    const document = underHeadings([
      [1, "Returns", sentences(12)],
      [2, "Helmets", sentences(12)],
    ]);
    const chunks = chunkDocument(document);
    expect(chunks[0]?.headingPath).toEqual(["Returns"]);
    expect(chunks[1]?.content).toMatch(/^Helmets\n/);
    expect(chunks[1]?.headingPath).toEqual(["Returns", "Helmets"]);
  });

  it("keeps short sections together, under the headings that they share", () => {
    const document = underHeadings([
      [1, "Questions", "All that people ask."],
      [2, "When do you open?", "At nine."],
      [2, "When do you close?", "At six."],
    ]);
    expect(chunkDocument(document)).toMatchObject([{ headingPath: ["Questions"] }]);
  });

  it("forgets a heading when one of the same level follows", () => {
    const document = underHeadings([
      [1, "Returns", sentences(12)],
      [2, "Helmets", sentences(12)],
      [1, "Delivery", sentences(12)],
    ]);
    expect(chunkDocument(document).at(-1)?.headingPath).toEqual(["Delivery"]);
  });

  describe("for any text", () => {
    const alphabet = [
      ..."abc   .\n\n\t?!",
      "\n\n",
      "🚲",
      "👩‍🔧",
      "é",
      "。",
      "中文",
      "ไทย",
      "العربية ",
      "word ",
      "A sentence. ",
      "x".repeat(300),
    ];
    const texts = Array.from({ length: 200 }, (_, seed) => randomDocument(seed, alphabet));

    it("covers every character that is no space", () => {
      for (const document of texts) {
        const covered = new Uint8Array(document.text.length);
        for (const { start, end } of chunkDocument(document)) covered.fill(1, start, end);
        const lost = [...covered.keys()].filter(
          (at) => covered[at] === 0 && document.text.charAt(at).trim() !== "",
        );
        expect(lost).toEqual([]);
      }
    });

    it("makes passages of at most 1,000 characters that are what the offsets say, in order", () => {
      for (const document of texts) {
        let before = 0;
        for (const { content, start, end } of chunkDocument(document)) {
          expect(content).toBe(document.text.slice(start, end));
          expect(content).toBe(content.trim());
          expect(content.length).toBeGreaterThan(0);
          expect(content.length).toBeLessThanOrEqual(1_000);
          expect(start).toBeGreaterThanOrEqual(Math.max(0, before - 200));
          before = end;
        }
      }
    });

    it("never splits a surrogate pair", () => {
      for (const document of [
        ...texts,
        plain("🚲".repeat(3_000)),
        plain(`x${"🚲".repeat(3_000)}`),
      ]) {
        for (const { content } of chunkDocument(document))
          expect(content).not.toMatch(/\p{Surrogate}/u);
      }
    });
  });
});

/** The same for the same seed; up to 8,000 characters, with pages and headings at any place. */
function randomDocument(seed: number, alphabet: readonly string[]): ExtractedDocument {
  let state = seed + 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pages = [];
  const headings = [];
  let text = "";
  for (let n = random(900); n > 0; n--) {
    if (seed % 2 === 0 && random(60) === 0)
      pages.push({ page: pages.length + 1, offset: text.length });
    if (random(40) === 0)
      headings.push({ offset: text.length, level: 1 + random(6), title: `h${n}` });
    text += alphabet[random(alphabet.length)] ?? "";
  }
  return { text, pages, headings };
}
