const WORDS = new Intl.Segmenter("en", { granularity: "word" });

/** Words that say how something is asked and not what about, in the languages of our tests. */
const STOP_WORDS = new Set(
  `a about after all also am an and any are as at be been but by can could did do does for from get
  had has have he her here his how i if in into is it its just long many may me might more most much
  my no not of off on once one only or our out please she should so some tell than that the their
  them then there these they this those to too under until up us very was we were what when where
  which while who whom whose why will with would you your know want need let made make
  al como con cual cuando cuanto de del donde el ella en es esta este fue ha han hay la las lo los
  mas me mi muy no o para pero por que quien se ser si sin sobre son su sus tiene un una y ya
  aber als am an auch auf aus bei bin bis das dass dem den der des die durch ein eine einem einen
  einer er es fur hat ich ihr im in ist kann man mein mit nach nicht noch nur oder sich sie sind so
  uber um und vom von vor war warum was wann wenn wer wie wird wo zu zum zur
  au aux avec ce ces dans des du elle est et il je le les leur mais ne nous ou par pas qui sa ses
  sont sur une vous`.split(/\s+/),
);

/** Scripts in which one character may be a word. */
const CHARACTER_SCRIPT = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u;

/** The words of a text in any script: lower case, Latin accents taken off. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .toLowerCase();
  return [...WORDS.segment(plain)].filter((part) => part.isWordLike).map((part) => part.segment);
}

/** The stems of the words that carry a text's subject, in order and with repetitions. */
export function stemsOf(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem);
}

export function isCharacterScript(word: string): boolean {
  return CHARACTER_SCRIPT.test(word);
}

/** Takes off the commonest endings, so that "deliveries" and "delivered" meet "delivery". */
export function stem(word: string): string {
  const bare = word.replace(/['’]s$/, "");
  if (!/^[a-z]{4,}$/.test(bare)) return bare;
  const singular = bare
    .replace(/ies$/, "y")
    .replace(/(ss|sh|ch|x|z)es$/, "$1")
    .replace(/([^su])s$/, "$1");
  const root = singular.replace(/(?<=.{3})(ing|edly|ed|ly)$/, "");
  const single = root === singular ? root : root.replace(/([bdgmnprt])\1$/, "$1");
  return single.replace(/(?<=.{3})[ey]$/, "").replace(/(?<=.{2})i$/, "");
}
