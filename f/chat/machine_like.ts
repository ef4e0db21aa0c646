/** A message as far as it tells a person from a machine. */
export interface Heard {
  /** WhatsApp's type */
  readonly kind: string;
  readonly body: string;
  readonly sentAt: Date;
}

/** What was said before it. */
export interface SaidBefore {
  /** when our last reply went out */
  readonly lastReplyAt: Date | null;
  /** the last messages of both sides */
  readonly texts: readonly string[];
}

/** Somebody who reads an answer and asks the same again takes longer, most of the time. */
const QUICKLY_MS = 30_000;
/** A greeting that is repeated tomorrow says nothing. */
const REPEATED_WITHIN_MS = 3_600_000;
/**
 * Dictation makes about 13 characters a second, thumbs 3 to 4; nobody writes 20. Proof only of texts that are long for a
 * person's message: a short one may have been typed while our reply was on its way.
 */
const FASTEST_CHARACTERS_PER_SECOND = 20;
const LONG_TEXT = 120;
/**
 * A sentence faster than it can be said: once, it was typed while our reply was on its way; in a row, nobody types ahead.
 * Shorter ones are typed ahead all the time.
 */
const SPOKEN_CHARACTERS_PER_SECOND = 13;
const SENTENCE = 40;
/** WhatsApp's clock counts whole seconds. */
const CLOCK_MS = 1_000;
/** Of the words of both texts together. Below 19 words every word counts, so "bike 1" is not "bike 2". */
const SAME_WORDS = 0.9;
/** "yes", "show more": what a person says again and again to whoever asks again and again. */
const FEW_WORDS = 2;

/**
 * How much the messages that came in answer to our last reply look like a machine's. 2: a repetition within
 * seconds, or a long text faster than anybody writes. 1: a repetition that a person might make, too, or a sentence
 * faster than anybody says it. 0: a person.
 * An echo of what we said ourselves is a repetition.
 */
export function machinePoints(heard: readonly Heard[], before: SaidBefore): 0 | 1 | 2 {
  const [first] = heard;
  // nobody but a person presses a button
  if (!first || !before.lastReplyAt || heard.some(({ kind }) => PRESSED.has(kind))) return 0;
  const elapsed = first.sentAt.getTime() - before.lastReplyAt.getTime() + CLOCK_MS;
  const bodies = heard.map(({ body }) => body).filter((body) => body.trim() !== "");
  // without words, or written before our reply: it does not answer it
  if (bodies.length === 0 || elapsed < 0) return 0;
  const characters = bodies.join("").length;
  if (isTooFast(characters, elapsed, LONG_TEXT, FASTEST_CHARACTERS_PER_SECOND)) return 2;
  const isRepeated = bodies.every((body) => before.texts.some((text) => isNearlySame(body, text)));
  if (!isRepeated || elapsed > REPEATED_WITHIN_MS) {
    // several messages were begun before our reply
    const isAlone = bodies.length === 1;
    return isAlone && isTooFast(characters, elapsed, SENTENCE, SPOKEN_CHARACTERS_PER_SECOND)
      ? 1
      : 0;
  }
  const isShort = bodies.every((body) => wordsOf(body).size <= FEW_WORDS);
  return elapsed <= QUICKLY_MS && !isShort ? 2 : 1;
}

const PRESSED = new Set(["interactive", "button"]);

function isTooFast(characters: number, elapsed: number, least: number, perSecond: number): boolean {
  return characters >= least && characters > (elapsed / 1_000) * perSecond;
}

function isNearlySame(one: string, other: string): boolean {
  if (one.trim() === other.trim()) return true;
  const words = wordsOf(one);
  const others = wordsOf(other);
  const shared = [...words].filter((word) => others.has(word)).length;
  const all = words.size + others.size - shared;
  return all > 0 && shared / all >= SAME_WORDS;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
