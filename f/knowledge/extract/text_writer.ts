import type { Heading } from "../extracted_document.ts";

export interface StructuredText {
  text: string;
  headings: Heading[];
}

/** Collapses spaces, and writes breaks only between texts. */
export class TextWriter {
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

  /** Text whose line ends mean something. */
  lines(raw: string): void {
    for (const [index, line] of raw.split("\n").entries()) {
      if (index > 0) this.breakLine();
      this.write(line);
    }
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

  finish(): StructuredText {
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
