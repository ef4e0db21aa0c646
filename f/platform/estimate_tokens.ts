/**
 * Tokens per UTF-16 unit by script, from the first unit of a range on. Measured with o200k_base on the same letter in
 * nineteen versions and rounded up; a tokenizer itself takes longer to load than all else in a turn
 * (docs/decisions/2026-11-21-tokens-estimated-by-script.md).
 */
const RATES: readonly (readonly [from: number, rate: number])[] = [
  [0x0000, 0.8], // controls, punctuation
  [0x0020, 0.25], // space
  [0x0021, 0.8],
  [0x0030, 0.45], // digits
  [0x003a, 0.8],
  [0x0041, 0.25], // Latin
  [0x005b, 0.8],
  [0x0061, 0.25],
  [0x007b, 0.8],
  [0x00c0, 0.6], // Latin with marks
  [0x0100, 0.75], // with rarer ones
  [0x0250, 0.8],
  [0x0370, 0.42], // Greek
  [0x0400, 0.3], // Cyrillic
  [0x0530, 0.45], // Armenian, Hebrew, Arabic and their neighbours
  [0x0900, 0.4], // the scripts of India
  [0x0e00, 0.45], // Thai, Lao and their neighbours
  [0x10a0, 0.6],
  [0x1e00, 0.6], // Latin with marks, of Vietnamese
  [0x1f00, 0.8],
  [0x3040, 0.65], // kana
  [0x3100, 0.85], // Han
  [0xac00, 0.6], // Hangul
  [0xd7b0, 0.85], // halves of emoji, and the rest
];

/** About how many tokens a text is for a model: rather too many than too few. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (let index = 0; index < text.length; index++) tokens += rateOf(text.charCodeAt(index));
  return Math.ceil(tokens);
}

function rateOf(unit: number): number {
  return RATES.findLast(([from]) => unit >= from)?.[1] ?? 1;
}
