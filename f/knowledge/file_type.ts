import { decodeText } from "./decode_text.ts";

/** What a file can be; each has an extractor. */
export type FileType = "pdf" | "text" | "html";

/** By the bytes and not by a name; null for anything that we cannot read. */
export function fileTypeOf(bytes: Uint8Array): FileType | null {
  if (isPdf(bytes)) return "pdf";
  const text = decodeText(bytes);
  if (text === undefined) return null;
  return /^\s*(<!doctype html|<html)[\s>]/i.test(text.slice(0, 1_024)) ? "html" : "text";
}

/** Readers look for the header in the first 1,024 bytes, because mail and web servers put lines before it. */
function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1_024)).includes("%PDF-");
}
