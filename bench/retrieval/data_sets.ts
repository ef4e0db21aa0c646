import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { CannotMeasureError } from "../measurement.ts";

export interface Passage {
  id: string;
  text: string;
}

export interface Question {
  text: string;
  /** ids of the passages that answer it */
  relevant: ReadonlySet<string>;
  /** false: no passage does, and the right answer is "I don't know" */
  isAnswerable: boolean;
}

/** Passages of one language, and questions on them. */
export interface DataSet {
  /** PostgreSQL's name of a text search configuration */
  language: string;
  passages: Passage[];
  questions: Question[];
}

const TEXT_SEARCH_LANGUAGES = {
  en: "english",
  es: "spanish",
  de: "german",
  ar: "arabic",
  ru: "russian",
  zh: "simple",
} as const;

export type XquadLanguage = keyof typeof TEXT_SEARCH_LANGUAGES;

export const XQUAD_LANGUAGES = Object.keys(TEXT_SEARCH_LANGUAGES) as XquadLanguage[];

const abstracts = z.array(
  z.object({ doc_id: z.string(), title: z.string(), abstract: z.string() }),
);

/** BEIR's SciFact: scientific claims, and the abstracts that support or refute them. */
export async function readSciFact(directory: string): Promise<DataSet> {
  const file = (name: string) => readData(join(directory, "scifact", name));
  const corpus = abstracts.parse(parse(await file("corpus_train.csv"), { columns: true }));
  const topics = gunzipSync(await file("topics.beir-v1.0.0-scifact.test.tsv.gz")).toString();
  const judgements = (await file("qrels.beir-v1.0.0-scifact.test.txt")).toString();
  const relevant = new Map<string, Set<string>>();
  for (const line of lines(judgements)) {
    const [question = "", , passage = ""] = line.split(" ");
    relevant.set(question, (relevant.get(question) ?? new Set()).add(passage));
  }
  return {
    language: "english",
    passages: corpus.map(({ doc_id, title, abstract }) => ({
      id: doc_id,
      text: `${title}\n${sentencesOf(abstract)}`,
    })),
    questions: lines(topics).map((line) => {
      const [id = "", text = ""] = line.split("\t");
      return { text, relevant: relevant.get(id) ?? new Set(), isAnswerable: true };
    }),
  };
}

/** The corpus keeps an abstract as numpy prints a list of strings. */
function sentencesOf(abstract: string): string {
  return abstract.replace(/^\[['"]|['"]\]$/g, "").replaceAll(/['"]\s*\n\s*['"]/g, " ");
}

const squad = z.object({
  data: z.array(
    z.object({
      paragraphs: z.array(
        z.object({ context: z.string(), qas: z.array(z.object({ question: z.string() })) }),
      ),
    }),
  ),
});

/** The same 1,190 questions on the same 240 paragraphs, in each language. */
export async function readXquad(directory: string, language: XquadLanguage): Promise<DataSet> {
  const file = await readData(join(directory, "xquad", `xquad.${language}.json`));
  const paragraphs = squad
    .parse(JSON.parse(file.toString()))
    .data.flatMap((article) => article.paragraphs)
    .map((paragraph, index) => ({ ...paragraph, id: String(index) }));
  return {
    language: TEXT_SEARCH_LANGUAGES[language],
    passages: paragraphs.map(({ id, context }) => ({ id, text: context })),
    questions: paragraphs.flatMap(({ id, qas }) =>
      qas.map(({ question }) => ({
        text: question,
        relevant: new Set([id]),
        isAnswerable: true,
      })),
    ),
  };
}

const clapNqRow = z.object({
  input: z.string(),
  passages: z.array(z.object({ title: z.string(), text: z.string() })),
});

/**
 * Questions that their passage answers, and questions on the subject of a passage that does not answer them.
 * `"off_subject"`: the passages of the latter are left out, so that no passage is on their subject.
 */
export async function readClapNq(
  directory: string,
  unanswerable: "on_subject" | "off_subject",
): Promise<DataSet> {
  const passages = new Map<string, string>();
  const questions: Question[] = [];
  for (const kind of ["answerable", "unanswerable"] as const) {
    const isAnswerable = kind === "answerable";
    const file = await readData(join(directory, "clapnq", `clapnq_dev_${kind}.odd.jsonl`));
    for (const line of lines(file.toString())) {
      const row = clapNqRow.parse(JSON.parse(line));
      const texts = row.passages.map(({ title, text }) => `${title}\n${text}`);
      if (isAnswerable || unanswerable === "on_subject") {
        for (const text of texts) passages.set(text, passages.get(text) ?? String(passages.size));
      }
      const ids = texts.flatMap((text) => passages.get(text) ?? []);
      questions.push({ text: row.input, relevant: new Set(isAnswerable ? ids : []), isAnswerable });
    }
  }
  return {
    language: "english",
    passages: [...passages].map(([text, id]) => ({ id, text })),
    questions,
  };
}

async function readData(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CannotMeasureError(
      `There is no ${path}. The data is not part of the project: --data DIR names a folder with scifact/, xquad/ and clapnq/ in it.`,
      { cause },
    );
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
