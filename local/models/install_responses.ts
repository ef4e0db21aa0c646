import { randomBytes } from "node:crypto";
import type { Express } from "express";
import { replyOffline } from "./offline_chat.ts";
import { ReasoningItems } from "./reasoning_items.ts";
import {
  asChatRequest,
  isReasoning,
  parseResponsesRequest,
  type ResponsesRequest,
} from "./responses_request.ts";
import type { ModelScript, ScriptedReply } from "./script.ts";
import { countTokens, PromptCache, promptText } from "./tokens.ts";

/** POST /v1/responses, without streaming and without storage. */
export function installResponses(
  app: Express,
  script: ModelScript,
  record: (request: ResponsesRequest) => void,
): void {
  const cache = new PromptCache();
  const reasoning = new ReasoningItems();
  app.post("/v1/responses", (req, res) => {
    const request = parseResponsesRequest(req.body);
    reasoning.check(request.input);
    record(request);
    if (script.fail(res, "responses")) return;
    const chat = asChatRequest(request);
    const reply: ScriptedReply = script.replyTo(chat) ?? replyOffline(chat);
    if (reply.body) return void res.json(reply.body);
    const output = outputOf(request, reply, reasoning);
    res.json(responseOf(request, reply, output, usageOf(promptText(chat), reply, cache)));
  });
}

function outputOf(
  request: ResponsesRequest,
  reply: ScriptedReply,
  reasoning: ReasoningItems,
): object[] {
  const status = reply.finishReason === "length" ? "incomplete" : "completed";
  const calls = (reply.toolCalls ?? []).map((call) => ({
    type: "function_call",
    id: `fc_${randomId()}`,
    call_id: call.id ?? `call_${randomId()}`,
    name: call.name,
    arguments: call.arguments,
    status,
  }));
  const part = reply.refusal
    ? { type: "refusal", refusal: reply.refusal }
    : { type: "output_text", text: reply.content ?? "", annotations: [], logprobs: [] };
  const message = {
    type: "message",
    id: `msg_${randomId()}`,
    role: "assistant",
    status,
    content: [part],
  };
  const items = reply.content || reply.refusal ? [message, ...calls] : calls;
  if (!isReasoning(request.model) || request.reasoning?.effort === "none") return items;
  const ids = calls.map((call) => call.id);
  const withContent = request.include?.includes("reasoning.encrypted_content") ?? false;
  return [reasoning.issue(ids, withContent), ...items];
}

function responseOf(
  request: ResponsesRequest,
  { finishReason }: ScriptedReply,
  output: object[],
  usage: object,
) {
  const reasons = { length: "max_output_tokens", content_filter: "content_filter" } as const;
  const reason =
    finishReason === "length" || finishReason === "content_filter"
      ? reasons[finishReason]
      : undefined;
  return {
    id: `resp_${randomId()}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    status: reason === undefined ? "completed" : "incomplete",
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    model: request.model,
    output,
    parallel_tool_calls: true,
    store: request.store ?? true,
    usage,
  };
}

function usageOf(prompt: string, reply: ScriptedReply, cache: PromptCache) {
  const cached = cache.cachedTokens(prompt);
  const written = `${reply.content ?? ""}${(reply.toolCalls ?? []).map((c) => c.arguments).join("")}`;
  const inputTokens = reply.usage?.promptTokens ?? countTokens(prompt);
  const outputTokens = reply.usage?.completionTokens ?? countTokens(written);
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: reply.usage?.cachedTokens ?? cached,
      cache_write_tokens: 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function randomId(): string {
  return randomBytes(18).toString("hex");
}
