/** Meta: text.body holds at most 4,096 characters. */
const MAX_TEXT_LENGTH = 4_096;

/** Each bubble is billed and their order is not guaranteed, so a reply that needs more is cut. */
const MAX_PARTS = 3;
const CUT_MARK = "…";

/** A reply as the messages it is sent in: one where it fits, never more than three. Empty text is none. */
export function splitForWhatsApp(text: string, maxLength = MAX_TEXT_LENGTH): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > maxLength && parts.length < MAX_PARTS - 1) {
    const end = cutBefore(rest, maxLength);
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  if (rest.length > maxLength) {
    rest = rest.slice(0, cutBefore(rest, maxLength - CUT_MARK.length)).trimEnd() + CUT_MARK;
  }
  return rest === "" ? parts : [...parts, rest];
}

type Span = readonly [start: number, end: number];

/** Behind the last of `ends` that fits and is not inside *bold*, which would lose its other half; -1: there is none. */
function lastCut(text: string, ends: RegExp, maxLength: number, marked: readonly Span[]): number {
  const isInside = (cut: number) => marked.some(([from, to]) => from < cut && cut < to);
  let last = -1;
  for (const { index, 0: end } of text.slice(0, maxLength + LONGEST_END).matchAll(ends)) {
    // the white space at the end is trimmed, and so may lie beyond
    const shown = index + end.trimEnd().length;
    if (index > 0 && shown <= maxLength && !isInside(shown)) last = index + end.length;
  }
  return last;
}

const LONGEST_END = 10;

/** WhatsApp's *bold*, _italic_, ~strike~ and `code` end on the line that they begin on; longer ones may be cut. */
const MARKED = /(?<![\p{L}\p{N}])([*_~`])(?=\S)[^\n]{1,500}?(?<=\S)\1(?![\p{L}\p{N}])/gu;

function markedSpans(text: string): Span[] {
  return [...text.matchAll(MARKED)].map(({ index, 0: all }) => [index, index + all.length]);
}

/** Of paragraphs, lines, sentences with what closes them, and words. */
const ENDS = [
  /\n\n/g,
  /\n/g,
  /[.?!…؟।][)\]"'”’»*_~]{0,4}\s|[。？！][）」』”]{0,4}/g,
  / /g,
] as const;

/** The last paragraph, line, sentence or word that ends within maxLength, unless it wastes half of it. */
function cutBefore(text: string, maxLength: number): number {
  const marked = markedSpans(text.slice(0, maxLength + 500));
  for (const ends of ENDS) {
    const cut = lastCut(text, ends, maxLength, marked);
    if (cut >= maxLength / 2) return cut;
  }
  const head = text.slice(0, maxLength);
  // an emoji is two UTF-16 units: never cut between them
  const isSplitPair = /[\uD800-\uDBFF]$/.test(head);
  return isSplitPair ? maxLength - 1 : maxLength;
}
