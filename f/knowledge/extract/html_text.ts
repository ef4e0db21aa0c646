import type { Heading } from "../extracted_document.ts";

const BLOCKS = new Set(
  (
    "address article aside blockquote caption dd details dialog div dl dt fieldset figcaption figure footer form " +
    "header hr main nav ol p pre section summary table tbody tfoot thead ul"
  ).split(" "),
);
const UNREAD = new Set(
  "script style noscript template svg math iframe object head select button textarea".split(" "),
);
const LINES = new Set(["br", "li", "tr"]);
const CELLS = new Set(["td", "th"]);

export interface HtmlText {
  text: string;
  headings: Heading[];
}

/** The text below an element as a person reads it: an empty line between blocks, a line for each item and row. */
export function htmlToText(root: Element): HtmlText {
  const writer = new TextWriter();
  writeChildren(root, writer);
  return writer.finish();
}

function writeChildren(parent: Element, writer: TextWriter): void {
  for (const node of parent.childNodes) {
    if (node.nodeType === 3) writer.write(node.textContent ?? "");
    else if (node.nodeType === 1) writeElement(node as Element, writer);
  }
}

function writeElement(element: Element, writer: TextWriter): void {
  const name = element.localName.toLowerCase();
  const level = /^h([1-6])$/.exec(name)?.[1];
  if (UNREAD.has(name)) return;
  if (level !== undefined) {
    writer.heading(Number(level), () => writeChildren(element, writer));
  } else if (BLOCKS.has(name)) {
    writer.breakBlock();
    writeChildren(element, writer);
    writer.breakBlock();
  } else if (LINES.has(name)) {
    writer.breakLine();
    if (name === "li") writer.write("- ");
    writeChildren(element, writer);
    writer.breakLine();
  } else {
    if (CELLS.has(name) && element.previousElementSibling) writer.write(" | ");
    writeChildren(element, writer);
  }
}

/** Collapses spaces, and writes breaks only between texts. */
class TextWriter {
  private text = "";
  private pending = "";
  private readonly headings: Heading[] = [];

  write(raw: string): void {
    const text = raw.replace(/\s+/g, " ");
    if (text.startsWith(" ")) this.pend(" ");
    const words = text.trim();
    if (words === "") return;
    this.flush();
    this.text += words;
    if (text.endsWith(" ")) this.pend(" ");
  }

  breakLine(): void {
    this.pend("\n");
  }

  breakBlock(): void {
    this.pend("\n\n");
  }

  heading(level: number, writeTitle: () => void): void {
    this.breakBlock();
    const before = this.text;
    const headingsBefore = this.headings.length;
    writeTitle();
    const written = this.text.slice(before.length);
    const title = written.trim().replace(/\s+/g, " ");
    if (title !== "" && this.headings.length === headingsBefore) {
      this.headings.push({ offset: this.text.length - written.trimStart().length, level, title });
    }
    this.breakBlock();
  }

  finish(): HtmlText {
    return { text: this.text, headings: this.headings };
  }

  /** The strongest break that was asked for since the last text. */
  private pend(space: string): void {
    if (space.length > this.pending.length || (space === "\n" && this.pending === " ")) {
      this.pending = space;
    }
  }

  private flush(): void {
    if (this.text !== "") this.text += this.pending;
    this.pending = "";
  }
}
