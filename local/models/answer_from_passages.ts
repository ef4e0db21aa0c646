import type { Passage } from "./passages.ts";
import { stemsOf } from "./words.ts";

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * What a passage has to share of the question's words before it counts as an answer: this part, and
 * two at least, or "your phone number" would be answered by the serial number.
 */
const LEAST_SHARE = 0.4;
const LEAST_WORDS = 2;

/** In "How long is the frame's warranty? – And the brakes'?" the second question says what is wanted. */
const FOLLOW_UP_WEIGHT = 5;

/** A second sentence is worth saying when it is nearly as near to the question as the first. */
const SECOND_SENTENCE = 0.7;

interface Sentence {
  text: string;
  passage: Passage;
  /** Where in the passage it stands. */
  position: number;
  score: number;
}

/**
 * Says what the passages say about a question in their own sentences, with the source's name and
 * page; undefined when they say nothing about it. `before` is the question that this one follows up.
 */
export function answerFromPassages(
  question: string,
  passages: readonly Passage[],
  before = "",
): string | undefined {
  const wanted = new Set(stemsOf(`${before}\n${question}`));
  if (wanted.size === 0) return undefined;
  const asked = new Set(stemsOf(question));
  const weights = weigh(wanted, asked, passages);
  const sentences = passages
    .filter((passage) => isAbout(wanted, passage))
    .flatMap((passage) => scoreSentences(passage, weights))
    // what only the question before asked for was answered then
    .filter(({ text }) => before === "" || stemsOf(text).some((word) => asked.has(word)));
  const ranked = sentences.toSorted((a, b) => b.score - a.score);
  const [best] = ranked;
  if (best === undefined || best.score === 0) return undefined;
  const next = ranked.find(
    (other) =>
      other.passage === best.passage &&
      Math.abs(other.position - best.position) === 1 &&
      other.score >= SECOND_SENTENCE * best.score,
  );
  const said = (next === undefined ? [best] : [best, next]).toSorted(
    (a, b) => a.position - b.position,
  );
  return `${said.map((sentence) => sentence.text).join(" ")} ${cite(best.passage)}`.trim();
}

/** A word that few passages have says more than one that all of them have. */
function weigh(
  wanted: ReadonlySet<string>,
  asked: ReadonlySet<string>,
  passages: readonly Passage[],
): Map<string, number> {
  const contents = passages.map((passage) => new Set(stemsOf(passage.content)));
  return new Map(
    [...wanted].map((word) => {
      const having = contents.filter((stems) => stems.has(word)).length;
      const rarity = having === 0 ? 0 : Math.log(1 + contents.length / having);
      return [word, asked.has(word) ? FOLLOW_UP_WEIGHT * rarity : rarity];
    }),
  );
}

function isAbout(wanted: ReadonlySet<string>, passage: Passage): boolean {
  const stems = new Set(stemsOf(passage.content));
  const shared = [...wanted].filter((word) => stems.has(word)).length;
  return shared >= Math.min(wanted.size, LEAST_WORDS) && shared >= LEAST_SHARE * wanted.size;
}

/** A heading counts half for the sentences below it, and is not an answer itself. */
function scoreSentences(passage: Passage, weights: ReadonlyMap<string, number>): Sentence[] {
  let heading = new Set<string>();
  const sentences: Sentence[] = [];
  for (const text of sentencesOf(passage.content)) {
    const stems = new Set(stemsOf(text));
    if (isHeading(text)) {
      heading = stems;
      continue;
    }
    let score = 0;
    for (const [word, weight] of weights) {
      if (stems.has(word)) score += weight;
      else if (heading.has(word)) score += weight / 2;
    }
    sentences.push({ text, passage, position: sentences.length, score });
  }
  return sentences;
}

/** Lines that a PDF or a page broke are joined; list items and headings keep their own line. */
function sentencesOf(content: string): string[] {
  const blocks = content
    .split(/\n\s*\n|\n(?=\s*(?:[-*•#]|\d+[.)])\s)|(?<=[.!?:])[ \t]*\n/)
    .flatMap(splitOffHeading);
  return blocks
    .flatMap((block) => [...SENTENCES.segment(block.replace(/\s+/g, " "))])
    .map((part) => part.segment.trim().replace(/^[-*•]\s+/, ""))
    .filter((sentence) => sentence !== "");
}

/** "Warranty\nThe frame …": a short first line without an end, before one that begins anew. */
function splitOffHeading(block: string): string[] {
  const [first = "", ...rest] = block.trim().split("\n");
  const begins = /^\s*[\p{Lu}\p{Lo}\d]/u.test(rest[0] ?? "");
  return begins && isHeading(first) ? [first, rest.join("\n")] : [block];
}

function isHeading(line: string): boolean {
  return /^#/.test(line) || (line.length <= 60 && !/[.!?:。！？।]['"”’)]?$|\d/u.test(line.trim()));
}

function cite({ source, page }: Passage): string {
  if (source === "") return "";
  return page === undefined ? `(source: ${source})` : `(source: ${source}, page ${page})`;
}
