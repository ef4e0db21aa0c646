/** With a scheme or www; or bare with a path or a question: WhatsApp makes both tappable. */
const LINK = /(?:https?:\/\/|\bwww\.)[^\s<>]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}[/?][^\s<>]*/gi;
/** What a sentence or WhatsApp's markup puts after an address. */
const AFTER_LINK = /[.,;:!?)\]}"'»”*_~`]+$/;

/**
 * A reply with those links alone that the model has read, letter for letter, or that one of those begins with. A link
 * that it made up leads nowhere; one that it put together, as a text from outside had told it to, carries the
 * conversation to whoever wrote that.
 */
export function withReadLinks(
  reply: string,
  read: readonly string[],
): { readonly text: string; readonly removed: number } {
  const known = read.join("\n").toLowerCase();
  let removed = 0;
  const text = reply.replace(LINK, (match) => {
    const after = AFTER_LINK.exec(match)?.[0] ?? "";
    const link = match.slice(0, match.length - after.length);
    if (known.includes(addressOf(link))) return match;
    removed += 1;
    return after;
  });
  return removed === 0 ? { text: reply, removed } : { text: withoutGaps(text), removed };
}

/** `https://www.shop.example/` is `shop.example`. */
function addressOf(link: string): string {
  return link
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/^www\./, "")
    .replace(/\/$/, "");
}

function withoutGaps(text: string): string {
  return text
    .replace(/ ?\(\s*\)/g, "")
    .replace(/[ \t]+$/gm, "")
    .trim();
}
