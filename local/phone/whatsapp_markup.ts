import { escapeHtml, Html } from "../html.ts";

/** WhatsApp's own markup, in the order in which it is taken: what is code stays as typed. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])/gu, "strong"],
  [/(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])/gu, "em"],
  [/(?<![\p{L}\p{N}~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\p{L}\p{N}~])/gu, "s"],
];

/** What a phone shows for a message's text. */
export function renderWhatsAppText(text: string): Html {
  const pieces = text.split(/(```[\s\S]+?```|`[^`\n]+`)/);
  const rendered = pieces.map((piece, index) => {
    const escaped = escapeHtml(index % 2 === 1 ? piece.replace(/^`+|`+$/g, "") : piece);
    return index % 2 === 1 ? `<code>${escaped}</code>` : mark(escaped);
  });
  return new Html(rendered.join(""));
}

function mark(escaped: string): string {
  return MARKS.reduce(
    (text, [pattern, tag]) => text.replace(pattern, `<${tag}>$1</${tag}>`),
    escaped,
  );
}
