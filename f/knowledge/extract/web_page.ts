import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { decodeText } from "../decode_text.ts";
import { DocumentDamagedError } from "../document_errors.ts";
import type { ExtractedDocument, RawDocument } from "../extracted_document.ts";
import { checkHtmlLimits } from "./html_limits.ts";
import { htmlToText } from "./html_text.ts";
import type { StructuredText } from "./text_writer.ts";

/** An article of less than this share of the page's text is a teaser: then the page is taken without its frame. */
const LEAST_SHARE = 0.25;
const FRAME = new Set(["nav", "header", "footer", "aside"]);
/** Half of a shop's elements and more, each of which Readability would weigh to keep none of them. */
const NAVIGATION = "nav, footer, [role=navigation]";

/** A web page's main text under its title, without navigation and advertisements. */
export async function extractWebPage({ bytes, charset }: RawDocument): Promise<ExtractedDocument> {
  const html = decodeText(bytes, charset ?? charsetInside(bytes));
  if (html === undefined) throw new DocumentDamagedError("The web page");
  checkHtmlLimits(html);
  const { document } = parseHTML(html);
  const title = document.title.replace(/\s+/g, " ").trim();
  const whole = htmlToText(document.body, isFrame);
  removeNavigation(document, whole);
  const article = readArticle(document);
  const enough = article !== null && article.text.length >= whole.text.length * LEAST_SHARE;
  return { ...withTitle(title, enough ? article : whole), pages: [] };
}

/** Not what is longer than all the rest: a <nav> that nobody closed holds the page. */
function removeNavigation(document: Document, { text }: StructuredText): void {
  for (const element of document.querySelectorAll(NAVIGATION)) {
    if ((element.textContent ?? "").length < text.length) element.remove();
  }
}

/** Readability changes the document: it goes last. */
function readArticle(document: Document): StructuredText | null {
  const article = new Readability(document, { serializer: (node) => node }).parse();
  return article?.content ? htmlToText(article.content as Element) : null;
}

function isFrame(element: Element): boolean {
  return (
    FRAME.has(element.localName) ||
    element.getAttribute("role") === "navigation" ||
    element.getAttribute("aria-hidden") === "true"
  );
}

/** The title heads the page, unless its first heading says the same. */
function withTitle(
  title: string,
  { text, headings }: StructuredText,
): Omit<ExtractedDocument, "pages"> {
  const first = headings[0];
  if (title === "" || (first?.offset === 0 && title.startsWith(first.title))) {
    return { text, headings };
  }
  const lead = `${title}\n\n`;
  const moved = headings.map((heading) => ({ ...heading, offset: heading.offset + lead.length }));
  return { text: lead + text, headings: [{ offset: 0, level: 0, title }, ...moved] };
}

/** <meta charset> stands in the first 1,024 bytes (HTML standard). */
function charsetInside(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 1_024)).toString("latin1");
  return /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(start)?.[1]?.toLowerCase();
}
