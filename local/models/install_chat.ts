import { randomBytes } from "node:crypto";
import type { Express } from "express";
import { type ChatRequest, parseChatRequest } from "./chat_request.ts";
import { replyOffline } from "./offline_chat.ts";
import type { ModelScript, ScriptedReply } from "./script.ts";
import { countTokens, PromptCache, promptText } from "./tokens.ts";

/** POST /v1/chat/completions, without streaming. */
export function installChat(
  app: Express,
  script: ModelScript,
  record: (request: ChatRequest) => void,
): void {
  const cache = new PromptCache();
  app.post("/v1/chat/completions", (req, res) => {
    const request = parseChatRequest(req.body);
    record(request);
    if (script.fail(res, "chat")) return;
    const reply: ScriptedReply = script.replyTo(request) ?? replyOffline(request);
    res.json(reply.body ?? completion(request, reply, cache));
  });
}

function completion(request: ChatRequest, reply: ScriptedReply, cache: PromptCache) {
  const toolCalls = reply.toolCalls?.map((call) => ({
    id: call.id ?? `call_${randomId()}`,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  return {
    id: `chatcmpl-${randomId()}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: reply.content ?? null,
          refusal: reply.refusal ?? null,
          annotations: [],
          ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: reply.finishReason ?? (toolCalls === undefined ? "stop" : "tool_calls"),
      },
    ],
    usage: usageOf(request, reply, cache),
    service_tier: "default",
  };
}

function usageOf(request: ChatRequest, reply: ScriptedReply, cache: PromptCache) {
  const prompt = promptText(request);
  const cached = cache.cachedTokens(prompt);
  const written = `${reply.content ?? ""}${(reply.toolCalls ?? []).map((c) => c.arguments).join("")}`;
  const promptTokens = reply.usage?.promptTokens ?? countTokens(prompt);
  const completionTokens = reply.usage?.completionTokens ?? countTokens(written);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: reply.usage?.cachedTokens ?? cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function randomId(): string {
  return randomBytes(18).toString("base64url");
}
