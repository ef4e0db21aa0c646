/** How well passages are found: by words, by vectors, and by both. `--data DIR` names the folder of the data sets. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Embeddings, openAiEmbeddings } from "../f/platform/embeddings.ts";
import { makeOpenAiClient } from "../f/platform/openai.ts";
import { type Database, withDb } from "../f/platform/postgres.ts";
import { embedOffline } from "../local/models/offline_embedding.ts";
import { createTestDatabase, type TestDatabase } from "../tests/helpers/database.ts";
import { percentile, round, timed } from "./measurement.ts";
import {
  type DataSet,
  readClapNq,
  readSciFact,
  readXquad,
  XQUAD_LANGUAGES,
  type XquadLanguage,
} from "./retrieval/data_sets.ts";
import { mean, ndcgAt, recallAt, scoreDecisions } from "./retrieval/metrics.ts";
import { makeSearchable, type Search, type Searches } from "./retrieval/searchable.ts";

/** Beside the checkout, where whoever measures has put it. */
const DATA_DIRECTORY = join(import.meta.dirname, "../../shared/data");

interface Place {
  test: TestDatabase;
  database: Database;
  embeddings: Embeddings;
}

/** Each question's ranking, and how long it took. */
interface Answer {
  question: DataSet["questions"][number];
  ranking: string[];
  ms: number;
}

export async function measure(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { data: { type: "string" } } });
  const data = await readAll(values.data ?? DATA_DIRECTORY);
  const test = await createTestDatabase();
  try {
    return await withDb(test.resource("chatbot_app"), async (database) => {
      const offline = await measureAll({ test, database, embeddings: offlineEmbeddings }, data);
      const embeddings = realEmbeddings();
      if (embeddings === undefined) return offline;
      return { ...offline, real: await measureAll({ test, database, embeddings }, data) };
    });
  } finally {
    await test.close();
  }
}

type Data = Awaited<ReturnType<typeof readAll>>;

/** All before anything is measured: what is missing is said at once. */
async function readAll(directory: string) {
  const scifact = await readSciFact(directory);
  const xquad: [XquadLanguage, DataSet][] = [];
  for (const language of XQUAD_LANGUAGES) {
    xquad.push([language, await readXquad(directory, language)]);
  }
  const onSubject = await readClapNq(directory, "on_subject");
  const offSubject = await readClapNq(directory, "off_subject");
  return { scifact, xquad, onSubject, offSubject };
}

async function measureAll(place: Place, data: Data) {
  console.log(`embeddings: ${place.embeddings.model}`);
  const times: Record<string, number> = {};
  const scifact = await byMethod(place, data.scifact, { abstains: false }, (answers, method) => {
    times[method] = round(
      percentile(
        answers.map(({ ms }) => ms),
        0.5,
      ),
      2,
    );
    return {
      ndcg10: meanOf(answers, (ranking, relevant) => ndcgAt(10, ranking, relevant)),
      recall10: meanOf(answers, (ranking, relevant) => recallAt(10, ranking, relevant)),
    };
  });
  show("scifact", scifact);
  const xquad: Record<string, unknown> = {};
  for (const [language, dataSet] of data.xquad) {
    xquad[language] = await byMethod(place, dataSet, { abstains: false }, (answers) =>
      meanOf(answers, (ranking, relevant) => recallAt(5, ranking, relevant)),
    );
    show(`xquad ${language}`, xquad[language]);
  }
  const clapnq = await byMethod(place, data.onSubject, { abstains: true }, decisions);
  show("clapnq", clapnq);
  const off_subject = await byMethod(place, data.offSubject, { abstains: true }, decisions);
  show("clapnq, unanswerable ones off subject", off_subject);
  show("milliseconds, median, on scifact", times);
  return {
    scifact,
    xquad,
    clapnq: { ...clapnq, off_subject },
    p50_ms: times.text,
    p50_ms_of: times,
  };
}

async function byMethod<Score>(
  { test, database, embeddings }: Place,
  dataSet: DataSet,
  options: { abstains: boolean },
  score: (answers: Answer[], method: string) => Score,
): Promise<Record<keyof Searches, Score>> {
  const searches = await makeSearchable(test, database, embeddings, dataSet, options);
  const scoreOf = async (method: keyof Searches) =>
    score(await answersOf(searches[method], dataSet), method);
  return {
    text: await scoreOf("text"),
    vector: await scoreOf("vector"),
    hybrid: await scoreOf("hybrid"),
  };
}

async function answersOf(search: Search, { questions }: DataSet): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const question of questions) {
    const { result: ranking, ms } = await timed(() => search(question.text));
    answers.push({ question, ranking, ms });
  }
  return answers;
}

function meanOf(
  answers: readonly Answer[],
  score: (ranking: string[], relevant: ReadonlySet<string>) => number,
): number {
  return round(mean(answers.map(({ ranking, question }) => score(ranking, question.relevant))), 4);
}

function decisions(answers: readonly Answer[]) {
  const scores = scoreDecisions(
    answers.map(({ ranking, question: { isAnswerable } }) => ({
      isAnswered: ranking.length > 0,
      isAnswerable,
    })),
  );
  return Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, round(value, 3)]));
}

function show(title: string, scores: unknown): void {
  console.log(`${title}: ${JSON.stringify(scores)}`);
}

const offlineEmbeddings: Embeddings = {
  model: "hashed words, as the local model API has them",
  embed: async (texts) => ({ vectors: texts.map((text) => embedOffline(text)), tokens: 0 }),
};

function realEmbeddings(): Embeddings | undefined {
  const apiKey = process.env.OPENAI_API_KEY;
  if (!apiKey) return undefined;
  const baseUrl = process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1";
  const client = makeOpenAiClient({ apiKey, baseUrl, timeoutMs: 30_000 });
  return openAiEmbeddings(client, "text-embedding-3-small");
}
