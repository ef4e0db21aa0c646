/** A document as text, with what tells a passage's place. Offsets are UTF-16 units of `text`, in rising order. */
export interface ExtractedDocument {
  text: string;
  /** where each page begins; empty when the document has no pages */
  pages: readonly PageStart[];
  headings: readonly Heading[];
}

export interface PageStart {
  offset: number;
  /** 1-based */
  page: number;
}

export interface Heading {
  offset: number;
  /** 1 is the highest, as in h1 */
  level: number;
  title: string;
}

/** A book of 2,000 pages has about 5 million characters: 6,000 passages. */
export const MAX_CHARACTERS = 8_000_000;

/** What an extractor is given. */
export interface RawDocument {
  bytes: Uint8Array;
  /** what the web server said, lower case */
  charset?: string | undefined;
}

export type Extractor = (raw: RawDocument) => Promise<ExtractedDocument>;
