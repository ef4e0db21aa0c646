import { decodeText } from "./decode_text.ts";
import { WrongFileTypeError } from "./document_errors.ts";

/** What a file can be; each has an extractor (extract_document.ts). */
export const FILE_TYPES = ["pdf", "docx", "text", "markdown", "html", "csv"] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** `ole`: the container of Office files before 2007, and of those of today that have a password. */
export type FoundType = FileType | "ole" | null;

/** Bytes cannot tell one of these from another: Markdown is a text, and so are a table and a web page's source. */
const TEXTS: readonly FoundType[] = ["text", "markdown", "html", "csv"];

/** By the bytes and not by a name; a file of text is `html` or `text`. Null for anything that we cannot read. */
export function fileTypeOf(bytes: Uint8Array): FoundType {
  if (isPdf(bytes)) return "pdf";
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return isWord(bytes) ? "docx" : null;
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) return "ole";
  const text = decodeText(bytes);
  if (text === undefined) return null;
  return /^\s*(<!doctype html|<html)[\s>]/i.test(text.slice(0, 1_024)) ? "html" : "text";
}

/**
 * The type as which a file is read: what the tenant said, if the bytes agree.
 *
 * @throws WrongFileTypeError
 */
export function checkedType(said: FileType, bytes: Uint8Array): FileType {
  const found = fileTypeOf(bytes);
  const agree = said === found || (TEXTS.includes(said) && TEXTS.includes(found));
  if (!agree) throw new WrongFileTypeError(said, found);
  return said;
}

/** Readers look for the header in the first 1,024 bytes, because mail and web servers put lines before it. */
function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1_024)).includes("%PDF-");
}

/** The names of a ZIP archive's files stand in it as they are: Excel's are xl/…, PowerPoint's ppt/…. */
function isWord(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes("word/");
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}
