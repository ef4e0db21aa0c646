import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { geminiModel, makeGeminiClient } from "../../../f/platform/gemini.ts";
import type { ChatMessage } from "../../../f/platform/models.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { asking, noWait, search, toolCallsOf } from "./chat_requests.ts";

// another one for each test: a call that was given up may never have reached it, and its fault would wait for the next
let models: ModelsStandIn;
beforeEach(async () => {
  models = await startModels({ port: 0, apiKey: "google-key" });
});
afterEach(() => models.stop());

function model(id = "gemini-3.8-flash", timeoutMs = 60_000, apiKey = "google-key") {
  const client = makeGeminiClient({ apiKey, baseUrl: models.geminiUrl });
  return geminiModel(client, id, { timeoutMs, retries: noWait });
}

const sent = () => models.requests.gemini.at(-1);
const searching = (question: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  name: search.name,
  arguments: JSON.stringify({ question }),
});
const answering = (callId: string, text: string): ChatMessage => ({
  role: "tool",
  callId,
  toolName: search.name,
  text,
});

describe("a request", () => {
  it("holds the system's words apart, the tools' whole JSON schema, and little thinking", async () => {
    models.nextReply({ content: "At nine." });
    const messages: ChatMessage[] = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "Hello" },
      { role: "assistant", text: "Hi!" },
      { role: "user", text: "When?" },
    ];
    await model().answer(asking("", { messages, tools: [search], toolChoice: "none" }));
    expect(sent()).toMatchObject({
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [{ role: "user" }, { role: "model", parts: [{ text: "Hi!" }] }, { role: "user" }],
      tools: [{ functionDeclarations: [{ parametersJsonSchema: search.parameters }] }],
      toolConfig: { functionCallingConfig: { mode: "NONE" } },
      generationConfig: { thinkingConfig: { thinkingLevel: "low" } },
    });
  });

  it("to an older model says nothing of thinking", async () => {
    models.nextReply({ content: "At nine." });
    await model("google:gemini-2.5-flash-lite").answer(asking("?"));
    expect(sent()?.model).toBe("gemini-2.5-flash-lite");
    expect(sent()?.generationConfig?.thinkingConfig).toBeUndefined();
  });
});

describe("an answer", () => {
  it("is text, with what it used; thoughts are billed and not shown", async () => {
    const usageMetadata = {
      promptTokenCount: 30,
      cachedContentTokenCount: 20,
      candidatesTokenCount: 4,
      thoughtsTokenCount: 6,
    };
    const parts = [{ text: "They ask for the hours.", thought: true }, { text: "At nine." }];
    models.nextReply({
      body: {
        candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }],
        usageMetadata,
      },
    });
    expect(await model().answer(asking("When do you open?"))).toEqual({
      kind: "text",
      model: "gemini-3.8-flash",
      text: "At nine.",
      usage: { inputTokens: 30, cachedInputTokens: 20, outputTokens: 10 },
    });
  });

  it.each(["SAFETY", "RECITATION", "LANGUAGE", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"])(
    "that ends with %s was withheld",
    async (finishReason) => {
      models.nextReply({ body: { candidates: [{ finishReason }] } });
      expect((await model().answer(asking("?"))).kind).toBe("content_filter");
    },
  );

  it("to a blocked prompt was withheld", async () => {
    models.nextReply({ body: { promptFeedback: { blockReason: "SAFETY" } } });
    expect((await model().answer(asking("?"))).kind).toBe("content_filter");
  });

  it("says when it was cut", async () => {
    models.nextReply({ content: "A long", finishReason: "length" });
    expect(await model().answer(asking("?"))).toMatchObject({ kind: "length", text: "A long" });
  });
});

describe("tool calls", () => {
  it("keep their thought signatures over several rounds, parallel calls among them", async () => {
    const messages: ChatMessage[] = [{ role: "user", text: "When, and where?" }];
    const ask = () => model().answer(asking("", { messages, tools: [search] }));
    const rounds = [
      [searching("when", "a"), searching("where", "b")],
      [searching("which floor")],
      [searching("which door")],
    ];
    for (const toolCalls of rounds) {
      models.nextReply({ toolCalls });
      const { calls, message } = toolCallsOf(await ask());
      expect(calls.map(({ argumentsJson }) => argumentsJson)).toEqual(
        toolCalls.map((call) => call.arguments),
      );
      messages.push(message, ...calls.map(({ id }) => answering(id, `about ${id}`)));
    }
    models.nextReply({ content: "At nine, on the first floor." });
    expect(await ask()).toMatchObject({ kind: "text" });
    expect(sent()?.contents[2]?.parts).toEqual([
      { functionResponse: { id: "a", name: search.name, response: { output: "about a" } } },
      { functionResponse: { id: "b", name: search.name, response: { output: "about b" } } },
    ]);
  });

  it("of an earlier turn keep their signatures through where they are stored", async () => {
    const signed: unknown[] = [];
    let stored = "[]";
    for (const [question, ...searches] of [
      ["When?", "when"],
      ["And where?", "where", "which door"],
    ]) {
      const messages = JSON.parse(stored) as ChatMessage[];
      messages.push({ role: "user", text: question ?? "" });
      for (const searched of searches) {
        models.nextReply({ toolCalls: [searching(searched)] });
        const answer = await model().answer(asking("", { messages, tools: [search] }));
        const { calls, message } = toolCallsOf(answer);
        signed.push(message.raw?.content);
        messages.push(message, ...calls.map(({ id }) => answering(id, "found")));
      }
      models.nextReply({ content: "At nine." });
      await model().answer(asking("", { messages, tools: [search] }));
      stored = JSON.stringify(messages);
    }
    const sentBack = sent()?.contents.filter(({ role }) => role === "model");
    expect(sentBack).toEqual(signed);
    expect(JSON.stringify(sentBack).split("thoughtSignature")).toHaveLength(1 + 3);
  });

  it("are refused without their signature, and no other provider is asked for that", async () => {
    models.nextReply({ toolCalls: [searching("when", "a")] });
    const { message } = toolCallsOf(await model().answer(asking("When?", { tools: [search] })));
    const stripped = JSON.parse(
      JSON.stringify(message.raw?.content, (key, value: unknown) =>
        key === "thoughtSignature" ? undefined : value,
      ),
    );
    const messages: ChatMessage[] = [
      { role: "user", text: "When?" },
      { ...message, raw: { model: "gemini-3.8-flash", content: stripped } },
      answering("a", "found"),
    ];
    const error = model().answer(asking("", { messages, tools: [search] }));
    await expect(error).rejects.toThrow("missing a thought_signature");
    await expect(error).rejects.toMatchObject({ status: 400, isOutage: false });
    models.nextReply({ content: "control" });
    messages[1] = message;
    await model().answer(asking("", { messages, tools: [search] }));
  });

  it.each([
    ["{not json", { not_json: "{not json" }],
    ["[1]", { value: [1] }],
  ])(
    "of another model are told in our own words, with Google's stand-in for a signature: %s",
    async (argumentsJson, args) => {
      models.nextReply({ content: "At nine." });
      const calls = [{ id: "call_1", name: search.name, argumentsJson }];
      const raw = { model: "gpt-6-luna", content: [] };
      const messages: ChatMessage[] = [
        { role: "user", text: "When?" },
        { role: "assistant", text: "", calls, raw },
        answering("call_1", "found"),
      ];
      await model().answer(asking("", { messages, tools: [search] }));
      expect(sent()?.contents.slice(1)).toMatchObject([
        { parts: [{ functionCall: { name: search.name, args } }] },
        { parts: [{ functionResponse: { name: search.name, response: { output: "found" } } }] },
      ]);
    },
  );

  it("that are malformed are asked for again", async () => {
    models.nextReply({ toolCalls: [{ name: search.name, arguments: "{question: " }] });
    models.nextReply({ toolCalls: [searching("when")] });
    const answer = await model().answer(asking("When?", { tools: [search] }));
    expect(answer.kind).toBe("tool_calls");
  });
});

it.each(["MALFORMED_FUNCTION_CALL", "OTHER"])(
  "half an answer that ends with %s is not said, and is asked for again",
  async (finishReason) => {
    const content = { role: "model", parts: [{ text: "We open at" }] };
    models.nextReply({ body: { candidates: [{ content, finishReason }] } });
    models.nextReply({ content: "At nine." });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "At nine." });
  },
);

describe("a call that fails", () => {
  const fails = (...faults: Parameters<ModelsStandIn["failNext"]>[0][]) => {
    for (const fault of faults) models.failNext(fault, { call: "gemini" });
  };

  it("is made once more when it may pass", async () => {
    fails({ kind: "error", status: 503 });
    models.nextReply({ content: "At nine." });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "At nine." });
  });

  it("is not repeated when Google wants a longer wait, though another provider may be asked", async () => {
    fails({ kind: "error", status: 429, retryAfterSeconds: 40 });
    await expect(model().answer(asking("?"))).rejects.toMatchObject({
      status: 429,
      retryAfterMs: 40_000,
      isOutage: true,
    });
  });

  it("for a wrong key never shows it, and is nobody else's to answer", async () => {
    const error: unknown = await model("gemini-3.8-flash", 1_000, "AIza-wrong-key")
      .answer(asking("?"))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ModelCallError", status: 400, isOutage: false });
    expect(JSON.stringify(error) + String(error)).not.toContain("AIza-wrong-key");
  });

  it("ends when it takes too long, or the connection breaks", async () => {
    fails({ kind: "hang" }, { kind: "drop" });
    await expect(model("gemini-3.8-flash", 300).answer(asking("?"))).rejects.toMatchObject({
      name: "ModelCallError",
      status: undefined,
      isOutage: true,
    });
  });

  it("ends when the turn's time is over, before or meanwhile", async () => {
    const over = AbortSignal.abort(new Error("the turn is over"));
    await expect(model().answer(asking("?", { signal: over }))).rejects.toThrow("the turn is over");
    fails({ kind: "hang" });
    const signal = AbortSignal.timeout(20);
    await expect(model().answer(asking("?", { signal }))).rejects.toThrow(/timeout/);
  });

  it("with an answer that is none may be answered elsewhere", async () => {
    models.nextReply({ body: { candidates: "none" } });
    await expect(model().answer(asking("?"))).rejects.toMatchObject({ isOutage: true });
    models.nextReply({ body: { candidates: [{ finishReason: "STOP", content: {} }] } });
    models.nextReply({ content: "after an empty answer" });
    expect(await model().answer(asking("?"))).toMatchObject({ text: "after an empty answer" });
  });
});
