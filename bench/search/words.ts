/**
 * The words that the questions use, each in its share of the chunks. No question uses the others that a text has, so
 * no search reads them, and they are not stored.
 */
const KINDS = [
  { name: "common", words: 10, least: 0.1, most: 0.3 },
  { name: "usual", words: 20, least: 0.01, most: 0.05 },
  { name: "rare", words: 100, least: 0.001, most: 0.002 },
] as const;

const WORDS = KINDS.flatMap(({ name, words, least, most }) =>
  Array.from({ length: words }, (_, number) => ({
    lexeme: `${name}${letters(number)}`,
    share: least + ((most - least) * number) / words,
  })),
);

/** Which of `count` chunks hold which word, as three columns. `at` begins at 1. */
export function wordsOfChunks(count: number, random: () => number) {
  const occurring = WORDS.flatMap(({ lexeme, share }) =>
    Array.from({ length: count }, (_, at) => ({ lexeme, at: at + 1, share }))
      .filter(() => random() < share)
      .map(({ lexeme, at }) => ({ lexeme, at, weight: 0.3 + 0.5 * random() })),
  );
  return {
    lexemes: occurring.map(({ lexeme }) => lexeme),
    at: occurring.map(({ at }) => at),
    weights: occurring.map(({ weight }) => weight),
  };
}

/** Two words of each kind: what is left of a contact's question without its stop words. */
export function questionText(random: () => number): string {
  return KINDS.flatMap(({ name, words }) =>
    [0, 1].map(() => `${name}${letters(Math.floor(random() * words))}`),
  ).join(" ");
}

/** A stem as it is: ends in x, which no stemmer takes away. */
function letters(number: number): string {
  return `${String.fromCharCode(97 + Math.floor(number / 10), 97 + (number % 10))}x`;
}
