import express, { type ErrorRequestHandler, type Express } from "express";
import { listen } from "../listen.ts";
import type { ChatRequest } from "./chat_request.ts";
import type { GeminiRequest } from "./gemini_body.ts";
import { installChat } from "./install_chat.ts";
import { type EmbeddingsRequest, installEmbeddings } from "./install_embeddings.ts";
import { installGemini } from "./install_gemini.ts";
import { installModelList } from "./install_model_list.ts";
import { installRerank, type RerankRequest } from "./install_rerank.ts";
import { installResponses } from "./install_responses.ts";
import { OpenAiError, sendOpenAiError } from "./openai_error.ts";
import type { ResponsesRequest } from "./responses_request.ts";
import { type ModelCall, type ModelFault, ModelScript, type ScriptedReply } from "./script.ts";

export interface ModelsOptions {
  /** 0 takes a free one. */
  port: number;
  apiKey: string;
}

export interface ModelsStandIn {
  /** What the `openai` package takes as `baseURL`: it ends in /v1. */
  baseUrl: string;
  /** What `@google/generative-ai` takes as `baseUrl`: without the version. */
  geminiUrl: string;
  /** What was asked and understood, in order; refused requests are not in it. */
  requests: {
    chat: ChatRequest[];
    responses: ResponsesRequest[];
    gemini: GeminiRequest[];
    embeddings: EmbeddingsRequest[];
    rerank: RerankRequest[];
  };
  /** The traceparent of each request, in order. */
  traces: (string | undefined)[];
  /** The next call of a chat model, through whichever API, that no earlier order takes answers this. */
  nextReply(reply: ScriptedReply): void;
  /** Every such call from now on answers this; the offline model answers where it is undefined. */
  replyWith(answer: (request: ChatRequest) => ScriptedReply | undefined): void;
  /** The next `times` (1) calls go wrong; `call` is "chat" unless given. */
  failNext(fault: ModelFault, options?: { call?: ModelCall; times?: number }): void;
  stop(): Promise<void>;
}

/** OpenAI's chat, responses and embeddings, Google's generateContent and Cohere's rerank, on 127.0.0.1, answered by the offline models. */
export async function startModels(options: ModelsOptions): Promise<ModelsStandIn> {
  const script = new ModelScript();
  const requests: ModelsStandIn["requests"] = {
    chat: [],
    responses: [],
    gemini: [],
    embeddings: [],
    rerank: [],
  };
  const traces: ModelsStandIn["traces"] = [];
  const app = express().disable("x-powered-by");
  app.use((req, _res, next) => {
    traces.push(req.get("traceparent"));
    next();
  });
  const parseJson = express.json({ limit: "20mb" });
  app.use("/v1beta", parseJson);
  installGemini(app, options.apiKey, script, (request) => requests.gemini.push(request));
  installBearer(app, options.apiKey);
  installModelList(app);
  app.use(parseJson);
  installChat(app, script, (request) => requests.chat.push(request));
  installResponses(app, script, (request) => requests.responses.push(request));
  installEmbeddings(app, script, (request) => requests.embeddings.push(request));
  installRerank(app, script, (request) => requests.rerank.push(request));
  installErrors(app);
  const server = await listen(app, options.port);
  return {
    baseUrl: `${server.url}/v1`,
    geminiUrl: server.url,
    requests,
    traces,
    nextReply: (reply) => script.nextReply(reply),
    replyWith: (answer) => script.replyWith(answer),
    failNext: (fault, how) => script.failNext(fault, how?.call ?? "chat", how?.times ?? 1),
    stop: server.close,
  };
}

function installBearer(app: Express, apiKey: string): void {
  app.use((req, _res, next) => {
    if (req.headers.authorization === `Bearer ${apiKey}`) return next();
    throw new OpenAiError(401, "Incorrect API key provided.", { code: "invalid_api_key" });
  });
}

function installErrors(app: Express): void {
  app.use((req) => {
    throw new OpenAiError(404, `Invalid URL (${req.method} ${req.path})`);
  });
  const handler: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    if (error instanceof OpenAiError) return sendOpenAiError(res, error);
    const message = error instanceof Error ? error.message : String(error);
    sendOpenAiError(res, new OpenAiError(error instanceof SyntaxError ? 400 : 500, message));
  };
  app.use(handler);
}
