import * as wmill from "windmill-client";
import * as z from "zod/v4";
import { limitedFetch } from "./limited_response.ts";

/** Puts documents into the order in which they answer a question. */
export interface Reranker {
  readonly model: string;
  /**
   * The indexes of the `count` best documents, the best first.
   *
   * @throws RerankerError
   */
  rank(question: string, documents: readonly string[], count: number): Promise<number[]>;
}

/** The re-ranker did not answer, not in time, or not with an order. Whoever asked has an order without it. */
export class RerankerError extends Error {
  override readonly name = "RerankerError";
  readonly model: string;

  constructor(model: string, problem: string, options?: ErrorOptions) {
    super(`The re-ranker ${model} was asked and failed: ${problem}.`, options);
    this.model = model;
  }
}

const settingsSchema = z.strictObject({
  /** what `/rerank` is appended to */
  base_url: z.url({ protocol: /^https?$/ }),
  api_key: z.string(),
  model: z.string().min(1),
});
export type RerankerSettings = z.infer<typeof settingsSchema>;

const answerSchema = z.object({
  results: z.array(z.object({ index: z.int().nonnegative(), relevance_score: z.number() })),
});

/** A contact waits: Cohere 3.5 takes 600 ms, Jina v3 200 ms. */
const TIMEOUT_MS = 800;
/** Jina sends the documents back unless told not to, and compatible servers may do so all the same. */
const MAX_ANSWER_BYTES = 1_024 * 1_024;

/**
 * The installation's re-ranker: the secret variable f/platform/reranker; undefined when it is empty or not there.
 * One that cannot be read is a re-ranker that fails, since contacts are to be answered all the same.
 */
export async function readReranker(): Promise<Reranker | undefined> {
  const text = await readSettings();
  if (text.trim() === "") return undefined;
  try {
    return makeReranker(settingsSchema.parse(JSON.parse(text)));
  } catch (cause) {
    const problem =
      'the variable f/platform/reranker has to be empty or {"base_url": "https://…", "api_key": "…", "model": "…"}';
    const rank = () =>
      Promise.reject(new RerankerError("of this installation", problem, { cause }));
    return { model: "unreadable", rank };
  }
}

/** Any endpoint that speaks Cohere's and Jina's `POST /rerank`. */
export function makeReranker(
  { base_url, api_key, model }: RerankerSettings,
  timeoutMs = TIMEOUT_MS,
): Reranker {
  return {
    model,
    async rank(query, documents, count) {
      const top_n = Math.min(count, documents.length);
      const init = {
        method: "POST",
        headers: { authorization: `Bearer ${api_key}`, "content-type": "application/json" },
        body: JSON.stringify({ model, query, documents, top_n }),
        signal: AbortSignal.timeout(timeoutMs),
      };
      const answer = await post(`${base_url.replace(/\/$/, "")}/rerank`, init, model);
      return orderIn(answer, { model, documents: documents.length, count: top_n });
    },
  };
}

async function post(url: string, init: RequestInit, model: string): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await limitedFetch(MAX_ANSWER_BYTES)(url, init);
    text = await response.text();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new RerankerError(model, problem, { cause });
  }
  if (!response.ok) throw new RerankerError(model, `it answered ${response.status}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RerankerError(model, "its answer is not JSON", { cause });
  }
}

function orderIn(
  answer: unknown,
  asked: { model: string; documents: number; count: number },
): number[] {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) {
    throw new RerankerError(asked.model, "its answer has no results", { cause: parsed.error });
  }
  const order = parsed.data.results
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .map(({ index }) => index);
  if (order.length !== asked.count || new Set(order).size !== order.length) {
    throw new RerankerError(
      asked.model,
      `it ranked ${order.length} of ${asked.count}, or one twice`,
    );
  }
  const odd = order.find((index) => index >= asked.documents);
  if (odd !== undefined) {
    throw new RerankerError(asked.model, `it ranked document ${odd} of ${asked.documents}`);
  }
  return order;
}

/** Not wmill.getVariable: that throws the same for a variable that does not exist and for a Windmill that is away. */
async function readSettings(): Promise<string> {
  const workspace = process.env.WM_WORKSPACE ?? "";
  try {
    const path = "f/platform/reranker";
    return await wmill.VariableService.getVariableValue({ workspace, path });
  } catch (error) {
    if (error instanceof wmill.ApiError && error.status === 404) return "";
    throw error;
  }
}
