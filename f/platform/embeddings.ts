import type OpenAI from "openai";
import { EmbeddingPace, OPENAI_TIER_1 } from "./embedding_pace.ts";
import { ModelCallError } from "./model_call_error.ts";
import { readOpenAiClient, toModelCallError } from "./openai.ts";
import { type RetryPlan, type Waiting, withRetries } from "./retry.ts";
import { readVariable } from "./windmill_values.ts";

/** The size of document_chunks.embedding. */
export const EMBEDDING_DIMENSIONS = 1_536;
/** OpenAI takes 2,048 texts and 300,000 tokens a call; a hundred passages stay far below. */
const TEXTS_PER_CALL = 100;
const TIMEOUT_MS = 30_000;
const RETRIES: RetryPlan = { attempts: 5, firstWaitMs: 500, longestWaitMs: 20_000 };
/** For a document, for which nobody waits at that moment: a provider's limits are counted by the minute. */
export const DOCUMENT_RETRIES: RetryPlan = { ...RETRIES, longestWaitMs: 65_000 };

export interface EmbeddedTexts {
  /** one for each text, in order, EMBEDDING_DIMENSIONS numbers each */
  vectors: number[][];
  tokens: number;
}

/** Texts as vectors: near by cosine where the meaning is near. */
export interface Embeddings {
  readonly model: string;
  /** @throws ModelCallError */
  embed(texts: readonly string[]): Promise<EmbeddedTexts>;
}

/** The installation's embeddings: resource f/platform/openai, variable f/platform/embedding_model. */
export async function readEmbeddings(retries: RetryPlan = RETRIES): Promise<Embeddings> {
  const [client, model] = await Promise.all([
    readOpenAiClient(TIMEOUT_MS),
    readVariable("f/platform/embedding_model"),
  ]);
  const pace = new EmbeddingPace(OPENAI_TIER_1);
  return openAiEmbeddings(client, model, retries, undefined, pace);
}

export function openAiEmbeddings(
  client: OpenAI,
  model: string,
  retries: RetryPlan = RETRIES,
  waiting?: Waiting,
  pace?: EmbeddingPace,
): Embeddings {
  return {
    model,
    async embed(texts) {
      const result: EmbeddedTexts = { vectors: [], tokens: 0 };
      for (let start = 0; start < texts.length; start += TEXTS_PER_CALL) {
        const batch = texts.slice(start, start + TEXTS_PER_CALL);
        const { vectors, tokens } = await withRetries(
          async () => {
            await pace?.take(batch);
            return embedBatch(client, model, batch);
          },
          retries,
          waiting,
        );
        result.vectors.push(...vectors);
        result.tokens += tokens;
      }
      return result;
    },
  };
}

async function embedBatch(client: OpenAI, model: string, input: string[]): Promise<EmbeddedTexts> {
  const response = await createEmbeddings(client, model, input);
  const vectors = response.data
    .toSorted((a, b) => a.index - b.index)
    .map(({ embedding }) => embedding);
  if (vectors.length !== input.length) {
    throw unusable(
      model,
      `${input.length} texts were sent and ${vectors.length} vectors came back.`,
    );
  }
  const odd = vectors.find((vector) => vector.length !== EMBEDDING_DIMENSIONS);
  if (odd !== undefined) {
    throw unusable(
      model,
      `its vectors have ${odd.length} numbers instead of ${EMBEDDING_DIMENSIONS}: choose another f/platform/embedding_model.`,
    );
  }
  return { vectors, tokens: response.usage.total_tokens };
}

async function createEmbeddings(client: OpenAI, model: string, input: string[]) {
  try {
    return await client.embeddings.create({ model, input, dimensions: EMBEDDING_DIMENSIONS });
  } catch (error) {
    throw toModelCallError(error, model);
  }
}

function unusable(model: string, problem: string): ModelCallError {
  return new ModelCallError(model, problem, { isRetryable: false });
}
