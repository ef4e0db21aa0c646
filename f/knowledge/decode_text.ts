/** Byte order marks and what they say. */
const MARKS: readonly [number[], string][] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/**
 * Bytes as text: by byte order mark, else by the character set that somebody named, else UTF-8, else Windows-1252,
 * which every byte sequence is. Undefined when the bytes are no text at all.
 */
export function decodeText(bytes: Uint8Array, namedCharset?: string): string | undefined {
  const marked = MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte));
  const text =
    (marked && decode(bytes, marked[1])) ??
    (namedCharset && decode(bytes, namedCharset)) ??
    decode(bytes, "utf-8") ??
    decode(bytes, "windows-1252");
  return text === undefined || isBinary(text) ? undefined : text;
}

/** Undefined when the bytes are not of this encoding, or the runtime (Bun 1.3.10: windows-1251) does not have it. */
function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Text has tabs, line ends and form feeds, and hardly any other control character. */
function isBinary(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const controls = text.match(/[\x00-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0;
  return controls > text.length / 1_000;
}
