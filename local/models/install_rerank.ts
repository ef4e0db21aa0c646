import type { Express } from "express";
import { z } from "zod";
import { embedOffline } from "./offline_embedding.ts";
import { parseRequest } from "./parse_request.ts";
import type { ModelScript } from "./script.ts";

/** Cohere's limit, and Jina's is higher. */
const MOST_DOCUMENTS = 1_000;

const rerankRequest = z
  .strictObject({
    model: z.string().min(1),
    query: z.string().min(1),
    documents: z.array(z.string().min(1)).min(1).max(MOST_DOCUMENTS),
    top_n: z.int().min(1),
  })
  .refine(({ documents, top_n }) => top_n <= documents.length, {
    path: ["top_n"],
    error: "more than there are documents",
  });

export type RerankRequest = z.infer<typeof rerankRequest>;

/** POST /v1/rerank as Cohere and Jina both answer it: the nearest by the offline embeddings first. */
export function installRerank(
  app: Express,
  script: ModelScript,
  record: (request: RerankRequest) => void,
): void {
  app.post("/v1/rerank", (req, res) => {
    const { model, query, documents, top_n } = parseRequest(rerankRequest, req.body);
    record({ model, query, documents, top_n });
    if (script.fail(res, "rerank")) return;
    const asked = embedOffline(query);
    const results = documents
      .map((document, index) => ({ index, relevance_score: cosine(asked, embedOffline(document)) }))
      .toSorted((a, b) => b.relevance_score - a.relevance_score);
    res.json({ model, results: results.slice(0, top_n) });
  });
}

/** Of vectors whose length is 1. */
function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
