import type { Express } from "express";
import { z } from "zod";
import { embedOffline } from "./offline_embedding.ts";
import { OpenAiError } from "./openai_error.ts";
import { parseRequest } from "./parse_request.ts";
import type { ModelScript } from "./script.ts";
import { countTokens } from "./tokens.ts";

/** OpenAI's limits: inputs a call, tokens an input, tokens a call. */
const MOST_INPUTS = 2_048;
const MOST_TOKENS_OF_ONE = 8_192;
const MOST_TOKENS = 300_000;

const embeddingsRequest = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MOST_INPUTS)]),
  dimensions: z.int().min(1).max(1_536).optional(),
  encoding_format: z.enum(["float", "base64"]).optional(),
  user: z.string().optional(),
});

export type EmbeddingsRequest = z.infer<typeof embeddingsRequest>;

/** POST /v1/embeddings with `text-embedding-3-small`, the one model whose size ours has. */
export function installEmbeddings(
  app: Express,
  script: ModelScript,
  record: (request: EmbeddingsRequest) => void,
): void {
  app.post("/v1/embeddings", (req, res) => {
    const request = parseRequest(embeddingsRequest, req.body);
    const inputs = [request.input].flat();
    checkModel(request.model);
    const tokens = checkTokens(inputs);
    record(request);
    if (script.fail(res, "embeddings")) return;
    res.json({
      object: "list",
      data: inputs.map((input, index) => ({
        object: "embedding",
        index,
        embedding: encode(embedOffline(input, request.dimensions), request.encoding_format),
      })),
      model: request.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });
}

function checkModel(model: string): void {
  if (model === "text-embedding-3-small") return;
  throw new OpenAiError(
    404,
    `The model '${model}' does not exist or you do not have access to it.`,
    {
      code: "model_not_found",
    },
  );
}

function checkTokens(inputs: readonly string[]): number {
  const counts = inputs.map(countTokens);
  const most = Math.max(...counts);
  if (most > MOST_TOKENS_OF_ONE) {
    throw new OpenAiError(
      400,
      `This model's maximum context length is ${MOST_TOKENS_OF_ONE} tokens, however you requested ${most} tokens.`,
    );
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > MOST_TOKENS) {
    throw new OpenAiError(400, `Requested ${total} tokens, max ${MOST_TOKENS} tokens per request`, {
      code: "max_tokens_per_request",
    });
  }
  return total;
}

/** base64 of little-endian floats is what the `openai` package asks for unless told otherwise. */
function encode(vector: number[], format: "float" | "base64" = "float"): number[] | string {
  return format === "float"
    ? vector
    : Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}
