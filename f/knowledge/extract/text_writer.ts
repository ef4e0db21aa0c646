import type { Heading } from "../extracted_document.ts";

export interface StructuredText {
  text: string;
  headings: Heading[];
}

/** Collapses spaces, and writes breaks only between texts. */
export class TextWriter {
  private readonly texts: string[] = [];
  private length = 0;
  private pending = "";
  private readonly headings: Heading[] = [];

  write(raw: string): void {
    const text = raw.replace(/\s+/g, " ");
    if (text.startsWith(" ")) this.pend(" ");
    const words = text.trim();
    if (words === "") return;
    this.flush();
    this.push(words);
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
    const textsBefore = this.texts.length;
    const headingsBefore = this.headings.length;
    writeTitle();
    const written = this.texts.slice(textsBefore).join("");
    const title = written.trim().replace(/\s+/g, " ");
    if (title !== "" && this.headings.length === headingsBefore) {
      this.headings.push({ offset: this.length - written.trimStart().length, level, title });
    }
    this.breakBlock();
  }

  finish(): StructuredText {
    return { text: this.texts.join(""), headings: this.headings };
  }

  /** The strongest break that was asked for since the last text. */
  private pend(space: string): void {
    if (space.length > this.pending.length || (space === "\n" && this.pending === " ")) {
      this.pending = space;
    }
  }

  private flush(): void {
    if (this.length > 0) this.push(this.pending);
    this.pending = "";
  }

  private push(text: string): void {
    this.texts.push(text);
    this.length += text.length;
  }
}
