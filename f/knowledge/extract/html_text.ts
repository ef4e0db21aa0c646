import { writeTable } from "./table_rows.ts";
import { type StructuredText, TextWriter } from "./text_writer.ts";

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

/** Which elements are left out, with all that is in them. */
export type LeaveOut = (element: Element) => boolean;

/** The text below an element as a person reads it: an empty line between blocks, a line for each item and row. */
export function htmlToText(root: Element, leaveOut: LeaveOut = () => false): StructuredText {
  const writer = new TextWriter();
  writeChildren(root, writer, leaveOut);
  return writer.finish();
}

function writeChildren(parent: Element, writer: TextWriter, leaveOut: LeaveOut): void {
  for (const node of parent.childNodes) {
    if (node.nodeType === 3) writer.write(node.textContent ?? "");
    else if (node.nodeType === 1) writeElement(node as Element, writer, leaveOut);
  }
}

function writeElement(element: Element, writer: TextWriter, leaveOut: LeaveOut): void {
  const name = element.localName.toLowerCase();
  const level = /^h([1-6])$/.exec(name)?.[1];
  if (UNREAD.has(name) || leaveOut(element)) return;
  if (level !== undefined) {
    writer.heading(Number(level), () => writeChildren(element, writer, leaveOut));
  } else if (BLOCKS.has(name)) {
    writer.breakBlock();
    writeBlock(name, element, writer, leaveOut);
    writer.breakBlock();
  } else if (LINES.has(name)) {
    writer.breakLine();
    if (name === "li") writer.write("- ");
    writeChildren(element, writer, leaveOut);
    writer.breakLine();
  } else {
    if (CELLS.has(name) && element.previousElementSibling) writer.write(" | ");
    writeChildren(element, writer, leaveOut);
  }
}

function writeBlock(name: string, element: Element, writer: TextWriter, leaveOut: LeaveOut): void {
  const table = name === "table" ? labelledTable(element, leaveOut) : undefined;
  if (table) writeTable(table, writer);
  else if (name === "pre") writer.lines(element.textContent ?? "");
  else writeChildren(element, writer, leaveOut);
}

/** The rows of a table whose first row names the columns; a table that lays out a page has no such row. */
function labelledTable(
  table: Element,
  leaveOut: LeaveOut,
): { labels: string[]; rows: string[][] } | undefined {
  if (table.querySelector("table, caption")) return undefined;
  const isRead = (element: Element) => !leaveOut(element);
  const [first, ...rest] = [...table.querySelectorAll("tr")].filter(isRead);
  const cells = (row: Element) => [...row.children].filter(isRead);
  const labels = first ? cells(first) : [];
  if (labels.length < 2 || labels.some(({ localName }) => localName !== "th")) return undefined;
  const cellText = (cell: Element) => htmlToText(cell, leaveOut).text.replace(/\s+/g, " ");
  return { labels: labels.map(cellText), rows: rest.map((row) => cells(row).map(cellText)) };
}
