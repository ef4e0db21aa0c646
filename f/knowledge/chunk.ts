import type { ExtractedDocument, Heading } from "./extracted_document.ts";

/** A passage: `content` is the text from `start` to `end`, and both ends are no space. */
export interface Chunk {
  content: string;
  start: number;
  end: number;
  /** 1-based; null where the document has no pages */
  page: number | null;
  /** the headings under which all of it stands, the highest first */
  headingPath: string[];
}

/** Measured on 472 questions: of the splits that fill the same context, 1,000/200 is near the best. */
const SIZE = 1_000;
const OVERLAP = 200;
/** A cut at a heading or a paragraph is not worth a chunk of less than this. */
const LEAST = SIZE / 2;

const sentences = new Intl.Segmenter("und", { granularity: "sentence" });
const words = new Intl.Segmenter("und", { granularity: "word" });

interface Range {
  start: number;
  end: number;
}

/**
 * Cuts a text into passages of at most 1,000 characters: at headings, else after paragraphs, sentences, lines, words.
 * A passage repeats up to 200 characters of the one before, except across a page or a heading: it is cited by its
 * page, and what stands under a heading starts with it.
 */
export function chunkDocument(document: ExtractedDocument): Chunk[] {
  return pagesOf(document).flatMap(({ page, ...range }) =>
    rangesOf(document, range).map((chunk) => ({
      ...chunk,
      content: document.text.slice(chunk.start, chunk.end),
      page,
      headingPath: headingPathOf(document.headings, chunk),
    })),
  );
}

function pagesOf({ text, pages }: ExtractedDocument): (Range & { page: number | null })[] {
  const [first] = pages;
  if (first === undefined) return [{ start: 0, end: text.length, page: null }];
  return pages.map(({ offset, page }, index) => ({
    start: index === 0 ? 0 : offset,
    end: pages[index + 1]?.offset ?? text.length,
    page,
  }));
}

function rangesOf({ text, headings }: ExtractedDocument, within: Range): Range[] {
  const ranges: Range[] = [];
  const headingOffsets = headings.map(({ offset }) => offset);
  let start = within.start;
  while (start < within.end) {
    const end = cutAfter(text, { start, end: within.end }, headingOffsets);
    const chunk = trimmed(text, { start, end });
    if (chunk) ranges.push(chunk);
    if (end >= within.end) break;
    start = headingOffsets.includes(end) ? end : overlapFrom(text, { start, end });
  }
  return ranges;
}

/** Where the chunk that begins at `start` ends. */
function cutAfter(text: string, { start, end }: Range, headings: readonly number[]): number {
  if (end - start <= SIZE) return end;
  const earliest = start + LEAST;
  const latest = start + SIZE;
  const heading = headings.findLast((offset) => offset > earliest && offset <= latest);
  if (heading !== undefined) return heading;
  const window = text.slice(start, latest);
  const cut =
    lastMatchEnd(window, /\n[^\S\n]*\n\s*/g) ??
    lastBoundary(window.replaceAll("\n", " "), sentences) ??
    lastMatchEnd(window, /\n/g) ??
    lastBoundary(window, words);
  return cut === undefined ? beforeSurrogate(text, latest) : start + cut;
}

/** Where the next chunk begins: at a paragraph in the last 200 characters, else at a sentence, else at a word. */
function overlapFrom(text: string, { start, end }: Range): number {
  const from = beforeSurrogate(text, Math.max(start + 1, end - OVERLAP));
  const repeated = text.slice(from, end);
  const paragraph = /\n[^\S\n]*\n\s*(?=\S)/.exec(repeated);
  if (paragraph) return from + paragraph.index + paragraph[0].length;
  const tail = repeated.replaceAll("\n", " ");
  for (const segmenter of [sentences, words]) {
    for (const { index } of segmenter.segment(tail)) {
      if (index > 0) return from + index;
    }
  }
  return end;
}

function lastMatchEnd(window: string, pattern: RegExp): number | undefined {
  const ends = [...window.matchAll(pattern)].map((match) => match.index + match[0].length);
  return ends.findLast((end) => end >= LEAST && end < window.length);
}

/** Where the last segment begins: it is left out, because the window cuts it. */
function lastBoundary(window: string, segmenter: Intl.Segmenter): number | undefined {
  const last = segmenter.segment(window).containing(window.length - 1);
  return last && last.index >= LEAST ? last.index : undefined;
}

function beforeSurrogate(text: string, offset: number): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(offset)) ? offset - 1 : offset;
}

function trimmed(text: string, { start, end }: Range): Range | undefined {
  const content = text.slice(start, end);
  const body = content.trim();
  if (body === "") return undefined;
  const lead = content.length - content.trimStart().length;
  return { start: start + lead, end: start + lead + body.length };
}

/** The part that the paths of all headings in the chunk have in common. */
function headingPathOf(headings: readonly Heading[], { start, end }: Range): string[] {
  const open: Heading[] = [];
  let common: Heading[] | undefined;
  for (const heading of headings) {
    if (heading.offset >= end) break;
    if (heading.offset > start) common = sharedStart(common ?? open, open);
    while ((open.at(-1)?.level ?? -1) >= heading.level) open.pop();
    open.push(heading);
    if (heading.offset > start) common = sharedStart(common ?? open, open);
  }
  return (common ?? open).map(({ title }) => title);
}

function sharedStart(a: readonly Heading[], b: readonly Heading[]): Heading[] {
  const differs = a.findIndex((heading, index) => heading !== b[index]);
  return differs === -1 ? [...a] : a.slice(0, differs);
}
