/** A run of text on a PDF page, as pdf.js gives it: `transform[5]` is its height above the page's lower edge. */
export interface PdfTextItem {
  str: string;
  transform: number[];
  height: number;
  hasEOL: boolean;
}

/** Lines of one paragraph stand 1.1 to 1.5 times their height apart. */
const PARAGRAPH_GAP = 1.9;

/** A page's runs as text: lines as they are, an empty line where the gap or the size says that a paragraph ends. */
export function linesToText(items: readonly PdfTextItem[]): string {
  let text = "";
  let above: PdfTextItem | undefined;
  let lineEnded = false;
  for (const item of items) {
    if (item.str.trim() !== "") {
      if (lineEnded && above) text += endsParagraph(above, item) ? "\n\n" : "\n";
      lineEnded = false;
      above = item;
    }
    if (!lineEnded) text += item.str;
    lineEnded ||= item.hasEOL;
  }
  return rejoinHyphenated(text);
}

function endsParagraph(above: PdfTextItem, below: PdfTextItem): boolean {
  const size = Math.max(above.height, below.height);
  const gap = Math.abs((above.transform[5] ?? 0) - (below.transform[5] ?? 0));
  const otherSize = Math.min(above.height, below.height) < size * 0.8;
  return size > 0 && (gap > size * PARAGRAPH_GAP || otherSize);
}

/** "ware-" + "house" is one word; "e-" + "Mail" and numbers keep their hyphen. */
function rejoinHyphenated(text: string): string {
  return text.replace(/(\p{Ll})[-\u00ad\u2010]\n(?=\p{Ll})/gu, "$1");
}
