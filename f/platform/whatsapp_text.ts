import { MAX_TEXT_LENGTH } from "./whatsapp.ts";

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

/** The last paragraph, line, sentence or word that ends within maxLength, unless it wastes half of it. */
function cutBefore(text: string, maxLength: number): number {
  for (const end of ["\n\n", "\n", ". ", "? ", "! ", "。", " "]) {
    // the white space at the end is trimmed, and so may lie beyond
    const at = text.lastIndexOf(end, maxLength - end.trimEnd().length);
    if (at >= maxLength / 2) return at + end.length;
  }
  const head = text.slice(0, maxLength);
  // an emoji is two UTF-16 units: never cut between them
  const isSplitPair = /[\uD800-\uDBFF]$/.test(head);
  return isSplitPair ? maxLength - 1 : maxLength;
}
