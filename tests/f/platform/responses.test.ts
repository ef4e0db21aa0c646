import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatMessage } from "../../../f/platform/models.ts";
import { makeOpenAiClient } from "../../../f/platform/openai.ts";
import { responsesModel } from "../../../f/platform/responses.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { asking, noWait, search, toolCallsOf } from "./chat_requests.ts";

// another one for each test: a call that was given up may never have reached it, and its fault would wait for the next
let models: ModelsStandIn;
beforeEach(async () => {
  models = await startModels({ port: 0, apiKey: "sk-test" });
});
afterEach(() => models.stop());

function model(id = "gpt-6-luna", timeoutMs = 60_000) {
  const client = makeOpenAiClient({ apiKey: "sk-test", baseUrl: models.baseUrl, timeoutMs });
  return responsesModel(client, id, noWait);
}

const sent = () => models.requests.responses.at(-1);

describe("a request", () => {
  it("stores nothing at OpenAI, and thinks briefly", async () => {
    models.nextReply({ content: "At nine." });
    await model().answer(asking("?", { tools: [search], cacheKey: "bot" }));
    expect(sent()).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "low" },
      prompt_cache_key: "bot",
      tools: [{ type: "function", name: search.name, strict: false }],
    });
  });

  it("asks a model that does not think for no reasoning", async () => {
    models.nextReply({ content: "At nine." });
    await model("gpt-4.1-mini").answer(asking("?"));
    expect(sent()?.include).toBeUndefined();
    expect(sent()?.reasoning).toBeUndefined();
  });
});

describe("an answer", () => {
  it("is text, with what it used", async () => {
    const usage = { promptTokens: 30, completionTokens: 4, cachedTokens: 20 };
    models.nextReply({ content: "At nine.", usage });
    expect(await model().answer(asking("When do you open?"))).toEqual({
      kind: "text",
      model: "gpt-6-luna",
      text: "At nine.",
      usage: { inputTokens: 30, cachedInputTokens: 20, outputTokens: 4 },
    });
  });

  it("may be a refusal, withheld, or cut", async () => {
    models.nextReply({ refusal: "I cannot help with that." });
    expect(await model().answer(asking("?"))).toMatchObject({
      kind: "refusal",
      text: "I cannot help with that.",
    });
    models.nextReply({ content: "A", finishReason: "content_filter" });
    expect((await model().answer(asking("?"))).kind).toBe("content_filter");
    models.nextReply({ content: "A long", finishReason: "length" });
    expect(await model().answer(asking("?"))).toMatchObject({ kind: "length", text: "A long" });
  });

  it("that was cut in the middle of a call is no call", async () => {
    const toolCalls = [{ name: search.name, arguments: '{"question": "ho' }];
    models.nextReply({ toolCalls, finishReason: "length" });
    const answer = await model().answer(asking("?", { tools: [search] }));
    expect(answer).toMatchObject({ kind: "length", text: "" });
  });
});

describe("tool calls", () => {
  it("bring their reasoning back, over several rounds, each call answered by its call_id", async () => {
    const round = (...questions: string[]) =>
      models.nextReply({
        toolCalls: questions.map((question) => ({
          name: search.name,
          arguments: JSON.stringify({ question }),
        })),
      });
    const messages: ChatMessage[] = [{ role: "user", text: "When, and where?" }];
    const ask = () => model().answer(asking("", { messages, tools: [search] }));
    for (const questions of [["when", "where"], ["which floor"]]) {
      round(...questions);
      const answer = toolCallsOf(await ask());
      expect(answer.calls).toHaveLength(questions.length);
      messages.push(answer.message);
      for (const call of answer.calls) {
        messages.push({ role: "tool", callId: call.id, toolName: call.name, text: "found" });
      }
    }
    models.nextReply({ content: "At nine, on the first floor." });
    expect(await ask()).toMatchObject({ kind: "text" });
    expect(sent()?.input.map((item) => ("type" in item ? item.type : item.role))).toEqual([
      "user",
      "reasoning",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
      "reasoning",
      "function_call",
      "function_call_output",
    ]);
  });

  it("are refused without the reasoning that they came from", async () => {
    models.nextReply({ toolCalls: [{ name: search.name, arguments: "{}" }] });
    const { message, calls } = toolCallsOf(
      await model().answer(asking("When?", { tools: [search] })),
    );
    const items = message.raw?.content as { type: string }[];
    const withoutReasoning = items.filter((item) => item.type !== "reasoning");
    const raw = { model: "gpt-6-luna", content: withoutReasoning };
    const messages: ChatMessage[] = [
      { role: "user", text: "When?" },
      { ...message, raw },
      { role: "tool", callId: calls[0]?.id ?? "", toolName: search.name, text: "found" },
    ];
    await expect(model().answer(asking("", { messages, tools: [search] }))).rejects.toMatchObject({
      status: 400,
      isOutage: false,
    });
  });

  it("of another model are told in our own words", async () => {
    models.nextReply({ content: "At nine." });
    const calls = [{ id: "gemini-1", name: "default_api:search", argumentsJson: "{}" }];
    const raw = { model: "gemini-3.7-flash", content: {} };
    const messages: ChatMessage[] = [
      { role: "user", text: "When?" },
      { role: "assistant", text: "I look.", calls, raw },
      { role: "tool", callId: "gemini-1", toolName: search.name, text: "found" },
    ];
    await model().answer(asking("", { messages, tools: [search] }));
    expect(sent()?.input.slice(1)).toEqual([
      { role: "assistant", content: "I look." },
      { type: "function_call", call_id: "gemini-1", name: "default_api_search", arguments: "{}" },
      { type: "function_call_output", call_id: "gemini-1", output: "found" },
    ]);
  });
});

describe("a call that fails", () => {
  it("is made once more when it may pass", async () => {
    models.failNext({ kind: "error", status: 503 }, { call: "responses" });
    models.nextReply({ content: "At nine." });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "At nine." });
  });

  const failed = (code: string) => ({
    body: { status: "failed", error: { code, message: "It failed." }, output: [], usage: null },
  });

  it("with status 200 and a failed response is one", async () => {
    models.nextReply(failed("server_error"));
    models.nextReply({ content: "At nine." });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "At nine." });
    models.nextReply(failed("invalid_prompt"));
    await expect(model().answer(asking("?"))).rejects.toMatchObject({
      name: "ModelCallError",
      code: "invalid_prompt",
      isOutage: false,
    });
  });

  it("with an answer that is none is not repeated, though another provider may be asked", async () => {
    models.nextReply({ body: { hello: "world" } });
    await expect(model().answer(asking("?"))).rejects.toMatchObject({
      isRetryable: false,
      isOutage: true,
    });
  });

  it("ends when it takes too long", async () => {
    models.failNext({ kind: "hang" }, { call: "responses", times: 2 });
    await expect(model("gpt-6-luna", 30).answer(asking("?"))).rejects.toMatchObject({
      name: "ModelCallError",
      isOutage: true,
    });
  });
});
