import { randomUUID } from "node:crypto";
import { type ErrorRequestHandler, type Express, Router } from "express";
import { asChatRequest, type GeminiRequest, isGemini3, parseGeminiBody } from "./gemini_body.ts";
import { GoogleError, sendGoogleError } from "./google_error.ts";
import { replyOffline } from "./offline_chat.ts";
import type { ModelScript, ScriptedReply } from "./script.ts";
import { ThoughtSignatures } from "./thought_signatures.ts";
import { countTokens, PromptCache, promptText } from "./tokens.ts";

/** POST /v1beta/models/<model>:generateContent, Google's own API, without streaming, and the list of models. */
export function installGemini(
  app: Express,
  apiKey: string,
  script: ModelScript,
  record: (request: GeminiRequest) => void,
): void {
  const cache = new PromptCache();
  const signatures = new ThoughtSignatures();
  const router = Router();
  router.use((req, _res, next) => {
    if (req.headers["x-goog-api-key"] === apiKey) return next();
    throw new GoogleError(400, "API key not valid. Please pass a valid API key.");
  });
  router.get("/models", (_req, res) => {
    res.json({ models: [{ name: "models/offline-1", displayName: "Offline 1" }] });
  });
  router.post(/^\/models\/([^/:]+):generateContent$/, (req, res) => {
    const request = parseGeminiBody(req.params[0] ?? "", req.body);
    if (isGemini3(request.model)) signatures.check(request.contents);
    record(request);
    if (script.fail(res, "gemini", sendGoogleError)) return;
    const chat = asChatRequest(request);
    const reply: ScriptedReply = script.replyTo(chat) ?? replyOffline(chat);
    if (reply.body) return void res.json(reply.body);
    res.json({
      candidates: [candidateOf(request, reply, signatures)],
      usageMetadata: usageOf(promptText(chat), reply, cache),
      modelVersion: request.model,
      responseId: randomUUID(),
    });
  });
  const errors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
    if (error instanceof GoogleError) return sendGoogleError(res, error);
    next(error);
  };
  app.use("/v1beta", router, errors);
}

function candidateOf(
  { model }: GeminiRequest,
  reply: ScriptedReply,
  signatures: ThoughtSignatures,
): object {
  const reasons = { length: "MAX_TOKENS", content_filter: "SAFETY" } as const;
  if (reply.finishReason === "content_filter") return { finishReason: reasons.content_filter };
  const calls = (reply.toolCalls ?? []).map((call) => ({ ...call, args: parsed(call.arguments) }));
  if (calls.some(({ args }) => args === undefined)) {
    return { content: {}, finishReason: "MALFORMED_FUNCTION_CALL" };
  }
  const callParts = calls.map(({ id, name, args }, index) => ({
    functionCall: { id: id ?? randomUUID(), name, args },
    ...(index === 0 && isGemini3(model)
      ? { thoughtSignature: signatures.sign({ name, args }) }
      : {}),
  }));
  const text = reply.content ?? reply.refusal;
  const parts = [...(text === undefined ? [] : [{ text }]), ...callParts];
  return {
    content: { role: "model", parts },
    finishReason: reply.finishReason === "length" ? reasons.length : "STOP",
    index: 0,
  };
}

/** Undefined for what is no JSON object: Google does not hand it on. */
function parsed(json: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function usageOf(prompt: string, reply: ScriptedReply, cache: PromptCache) {
  const cached = cache.cachedTokens(prompt);
  const written = `${reply.content ?? ""}${(reply.toolCalls ?? []).map((c) => c.arguments).join("")}`;
  const promptTokenCount = reply.usage?.promptTokens ?? countTokens(prompt);
  const candidatesTokenCount = reply.usage?.completionTokens ?? countTokens(written);
  const cachedContentTokenCount = reply.usage?.cachedTokens ?? cached;
  return {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount,
    ...(cachedContentTokenCount > 0 ? { cachedContentTokenCount } : {}),
  };
}
