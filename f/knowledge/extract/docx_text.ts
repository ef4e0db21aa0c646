import { outlineLevel } from "./docx_styles.ts";
import { readXml, type XmlReader } from "./docx_xml.ts";
import { writeTable } from "./table_rows.ts";
import type { TextWriter } from "./text_writer.ts";

/** What was deleted or moved away, and the second version of what older programs cannot show. */
const UNREAD = new Set(["w:del", "w:moveFrom", "mc:Fallback"]);

interface Paragraph {
  text: string;
  level: number | undefined;
  isListItem: boolean;
}

interface Table {
  rows: string[][];
  isLabelled: boolean;
}

/** Writes the text of document.xml, footnotes.xml or endnotes.xml. */
export function writeDocx(
  xml: string,
  levels: ReadonlyMap<string, number>,
  writer: TextWriter,
): void {
  readXml(xml, new DocxReader(levels, writer));
}

/** A table in a table's cell is read as text of the cell; so is a paragraph in a text box of a paragraph. */
class DocxReader implements XmlReader {
  private readonly levels: ReadonlyMap<string, number>;
  private readonly writer: TextWriter;
  private readonly paragraphs: Paragraph[] = [];
  private table: Table | undefined;
  private tableDepth = 0;
  private unread = 0;
  private isText = false;

  constructor(levels: ReadonlyMap<string, number>, writer: TextWriter) {
    this.levels = levels;
    this.writer = writer;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (UNREAD.has(name)) this.unread++;
    if (this.unread > 0) return;
    if (name.startsWith("w:tbl") || name === "w:tr" || name === "w:tc") this.openTable(name);
    else this.openInParagraph(name, attributes["w:val"] ?? "");
  }

  close(name: string): void {
    if (UNREAD.has(name)) this.unread--;
    if (this.unread > 0) return;
    if (name === "w:t") this.isText = false;
    else if (name === "w:p") this.endParagraph();
    else if (name === "w:tbl") this.endTable();
  }

  text(text: string): void {
    if (this.isText) this.add(text);
  }

  private openTable(name: string): void {
    if (name === "w:tbl" && this.tableDepth++ === 0) this.table = { rows: [], isLabelled: false };
    if (this.table === undefined || this.tableDepth > 1) return;
    if (name === "w:tr") this.table.rows.push([]);
    else if (name === "w:tc") this.table.rows.at(-1)?.push("");
    // the row that is repeated on each page
    else if (name === "w:tblHeader") this.table.isLabelled ||= this.table.rows.length === 1;
  }

  private openInParagraph(name: string, value: string): void {
    const paragraph = this.paragraphs.at(-1);
    if (name === "w:p") this.paragraphs.push({ text: "", level: undefined, isListItem: false });
    else if (name === "w:t") this.isText = true;
    else if (name === "w:tab") this.add(" ");
    else if (name === "w:br" || name === "w:cr") this.add("\n");
    else if (name === "w:noBreakHyphen") this.add("-");
    else if (!paragraph) return;
    else if (name === "w:pStyle") paragraph.level ??= this.levels.get(value);
    else if (name === "w:outlineLvl") paragraph.level = outlineLevel(value);
    else if (name === "w:numPr") paragraph.isListItem = true;
  }

  private add(text: string): void {
    const paragraph = this.paragraphs.at(-1);
    if (paragraph) paragraph.text += text;
  }

  private endParagraph(): void {
    const paragraph = this.paragraphs.pop();
    if (!paragraph) return;
    const around = this.paragraphs.at(-1);
    const row = this.table?.rows.at(-1);
    if (around) around.text += `\n${paragraph.text}\n`;
    else if (row) row.push(`${row.pop() ?? ""} ${paragraph.text}`);
    else this.writeParagraph(paragraph);
  }

  private writeParagraph({ text, level, isListItem }: Paragraph): void {
    if (text.trim() === "") return;
    if (level !== undefined) {
      this.writer.heading(level, () => this.writer.write(text));
    } else if (isListItem) {
      this.writer.breakLine();
      this.writer.write("- ");
      this.writer.lines(text);
      this.writer.breakLine();
    } else {
      this.writer.breakBlock();
      this.writer.lines(text);
      this.writer.breakBlock();
    }
  }

  private endTable(): void {
    if (--this.tableDepth > 0 || !this.table) return;
    const { rows, isLabelled } = this.table;
    this.table = undefined;
    const texts = rows.map((row) => row.map((cell) => cell.replace(/\s+/g, " ").trim()));
    const [labels = [], ...rest] = texts;
    this.writer.breakBlock();
    writeTable(isLabelled ? { labels, rows: rest } : { labels: [], rows: texts }, this.writer);
    this.writer.breakBlock();
  }
}
