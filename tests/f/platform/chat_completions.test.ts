import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatCompletionsModel } from "../../../f/platform/chat_completions.ts";
import { ModelCallError } from "../../../f/platform/model_call_error.ts";
import type { ChatMessage } from "../../../f/platform/models.ts";
import { makeOpenAiClient } from "../../../f/platform/openai.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { asking, noWait, search } from "./chat_requests.ts";

// another one for each test: a call that was given up may never have reached it, and its fault would wait for the next
let models: ModelsStandIn;
beforeEach(async () => {
  models = await startModels({ port: 0, apiKey: "sk-test" });
});
afterEach(() => models.stop());

function model(id = "offline-1", timeoutMs = 60_000) {
  const client = makeOpenAiClient({ apiKey: "sk-test", baseUrl: models.baseUrl, timeoutMs });
  return chatCompletionsModel(client, id, noWait);
}

describe("an answer", () => {
  it("is text, with what it used", async () => {
    const usage = { promptTokens: 30, completionTokens: 4, cachedTokens: 20 };
    models.nextReply({ content: "At nine.", usage });
    expect(await model().answer(asking("When do you open?"))).toEqual({
      kind: "text",
      model: "offline-1",
      text: "At nine.",
      usage: { inputTokens: 30, cachedInputTokens: 20, outputTokens: 4 },
    });
  });

  it("is a tool call, and the model's own message can be sent back as it came", async () => {
    const wanted = { question: "hours" };
    models.nextReply({
      toolCalls: [{ id: "call_1", name: search.name, arguments: JSON.stringify(wanted) }],
    });
    const first = await model().answer(asking("When do you open?", { tools: [search] }));
    if (first.kind !== "tool_calls") throw new Error(`expected tool calls, got ${first.kind}`);
    expect(first.calls).toEqual([
      { id: "call_1", name: search.name, argumentsJson: JSON.stringify(wanted) },
    ]);
    models.nextReply({ content: "At nine." });
    const messages: ChatMessage[] = [
      { role: "user", text: "When do you open?" },
      first.message,
      { role: "tool", callId: "call_1", toolName: search.name, text: "open 9-17" },
    ];
    await model().answer(asking("", { messages, tools: [search], toolChoice: "none" }));
    const sent = models.requests.chat.at(-1);
    expect(sent?.messages[1]).toMatchObject({
      role: "assistant",
      tool_calls: [{ id: "call_1", type: "function" }],
    });
    expect(sent).toMatchObject({ tool_choice: "none", model: "offline-1" });
  });

  it("says when it was cut, withheld or refused", async () => {
    models.nextReply({ content: "A long", finishReason: "length" });
    expect(await model().answer(asking("?"))).toMatchObject({ kind: "length", text: "A long" });
    models.nextReply({ content: "", finishReason: "content_filter" });
    expect(await model().answer(asking("?"))).toMatchObject({ kind: "content_filter" });
    models.nextReply({ refusal: "I cannot help with that." });
    expect(await model().answer(asking("?"))).toMatchObject({
      kind: "refusal",
      text: "I cannot help with that.",
    });
  });
});

it("gives another model's message its calls, and none of what it cannot read", async () => {
  models.nextReply({ content: "At nine." });
  const calls = [{ id: "call_1", name: "default_api:search", argumentsJson: "{}" }];
  const raw = { model: "gemini-3.7-flash", content: { parts: [] } };
  const messages: ChatMessage[] = [
    { role: "user", text: "When do you open?" },
    { role: "assistant", text: "", calls, raw },
    { role: "tool", callId: "call_1", toolName: search.name, text: "open 9-17" },
  ];
  await model("openai:offline-1").answer(asking("", { messages, tools: [search] }));
  expect(models.requests.chat.at(-1)?.messages[1]).toEqual({
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "default_api_search", arguments: "{}" } },
    ],
  });
  expect(models.requests.chat.at(-1)?.model).toBe("offline-1");
});

describe("a call that fails", () => {
  it("is made once more when it may pass", async () => {
    models.failNext({ kind: "error", status: 503 });
    models.nextReply({ content: "At nine." });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "At nine." });
  });

  it.each([400, 401, 404])("is not repeated after %i", async (status) => {
    const before = models.requests.chat.length;
    models.failNext({ kind: "error", status });
    await expect(model().answer(asking("?"))).rejects.toMatchObject({
      name: "ModelCallError",
      status,
    });
    models.nextReply({ content: "control" });
    await model().answer(asking("?"));
    expect(models.requests.chat.length - before).toBeLessThanOrEqual(2);
  });

  it("ends when the turn's time is over", async () => {
    models.failNext({ kind: "hang" });
    const signal = AbortSignal.timeout(20);
    await expect(model().answer(asking("?", { signal }))).rejects.toThrow();
  });

  it("never shows the key", async () => {
    const client = makeOpenAiClient({
      apiKey: "sk-wrong-key-0123456789",
      baseUrl: models.baseUrl,
      timeoutMs: 60_000,
    });
    const error = await chatCompletionsModel(client, "offline-1", noWait)
      .answer(asking("?"))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelCallError);
    expect(JSON.stringify(error) + String(error)).not.toContain("sk-wrong-key");
  });
});
