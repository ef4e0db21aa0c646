import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { SEARCH_TOOL, startModelsAndClient } from "./client.ts";

type Messages = OpenAI.Chat.Completions.ChatCompletionMessageParam[];

const QUESTION: Messages = [
  { role: "system", content: "Answer from the documents." },
  { role: "user", content: "How long is the warranty on the frame?" },
];
const callOf = (name: string): Messages[number] => ({
  role: "assistant",
  tool_calls: [
    { id: "call_1", type: "function", function: { name, arguments: '{"query":"warranty"}' } },
  ],
});
const CALL = callOf("search_knowledge_base");
const RESULT: Messages[number] = { role: "tool", tool_call_id: "call_1", content: "{}" };

describe("POST /v1/chat/completions", () => {
  it("looks a question up, then answers from what was found", async () => {
    const { openai } = await startModelsAndClient();
    const first = await openai.chat.completions.create({
      model: "offline-1",
      messages: QUESTION,
      tools: [SEARCH_TOOL],
    });
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (message === undefined || call?.type !== "function") throw new Error("No function call");
    expect(call.function).toEqual({
      name: "search_knowledge_base",
      arguments: '{"query":"How long is the warranty on the frame?"}',
    });

    const passages = [
      { source: "Handbook.pdf", page: 3, content: "The frame warranty is 7 years." },
    ];
    const second = await openai.chat.completions.create({
      model: "offline-1",
      messages: [
        ...QUESTION,
        message,
        { role: "tool", tool_call_id: call.id, content: JSON.stringify({ passages }) },
      ],
      tools: [SEARCH_TOOL],
    });
    expect(second.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: "The frame warranty is 7 years. (source: Handbook.pdf, page 3)" },
    });
    const { prompt_tokens, completion_tokens, total_tokens } = second.usage ?? {};
    expect(total_tokens).toBe(Number(prompt_tokens) + Number(completion_tokens));
    expect(completion_tokens).toBeGreaterThan(0);
  });

  it("counts a prompt that begins like an earlier one as cached", async () => {
    const { openai } = await startModelsAndClient();
    const messages: Messages = [
      { role: "system", content: "Be brief. ".repeat(600) },
      { role: "user", content: "Hello" },
    ];
    const cached: (number | undefined)[] = [];
    for (let call = 0; call < 2; call++) {
      const answer = await openai.chat.completions.create({ model: "offline-1", messages });
      cached.push(answer.usage?.prompt_tokens_details?.cached_tokens);
    }
    expect(cached).toEqual([0, 1_408]);
  });

  it.each<[string, Messages]>([
    ["a tool call without its answer", [...QUESTION, CALL]],
    [
      "a tool call whose answer comes too late",
      [...QUESTION, CALL, { role: "user", content: "?" }],
    ],
    [
      "the answer to another call",
      [...QUESTION, CALL, { role: "tool", tool_call_id: "call_2", content: "{}" }],
    ],
    ["an answer to no call", [...QUESTION, RESULT]],
    ["a call of what can be no function's name", [...QUESTION, callOf("a.b"), RESULT]],
    ["an assistant message that says nothing", [...QUESTION, { role: "assistant", content: null }]],
    ["no messages", []],
  ])("refuses %s", async (_what, messages) => {
    const { openai, models } = await startModelsAndClient();
    const call = openai.chat.completions.create({ model: "offline-1", messages });
    await expect(call).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    expect(models.requests.chat).toEqual([]);
    const answered = openai.chat.completions.create({
      model: "offline-1",
      messages: [...QUESTION, CALL, RESULT],
    });
    await expect(answered).resolves.toBeDefined(); // control
  });

  it("refuses a parameter that OpenAI does not know, by its name", async () => {
    const { openai } = await startModelsAndClient();
    const body = { model: "offline-1", messages: QUESTION, max_token: 5 };
    await expect(openai.chat.completions.create(body)).rejects.toMatchObject({
      status: 400,
      code: "unknown_parameter",
      param: "max_token",
      type: "invalid_request_error",
    });
  });

  it("lets a GPT-6 model call functions only without reasoning", async () => {
    const { openai } = await startModelsAndClient();
    const request = { model: "gpt-6-luna", messages: QUESTION, tools: [SEARCH_TOOL] };
    await expect(openai.chat.completions.create(request)).rejects.toMatchObject({ status: 400 });
    const without = openai.chat.completions.create({ ...request, reasoning_effort: "none" });
    await expect(without).resolves.toBeDefined();
  });

  it("refuses a wrong key", async () => {
    const { openai } = await startModelsAndClient("sk-wrong");
    const call = openai.chat.completions.create({ model: "offline-1", messages: QUESTION });
    await expect(call).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
  });
});

describe("what a test orders", () => {
  it("is answered in order, and recorded", async () => {
    const { openai, models } = await startModelsAndClient();
    models.nextReply({
      content: "Scripted",
      usage: { promptTokens: 7, completionTokens: 2, cachedTokens: 3 },
    });
    models.nextReply({ toolCalls: [{ name: "book", arguments: "{}" }] });
    const ask = () =>
      openai.chat.completions.create({
        model: "offline-1",
        messages: [{ role: "user", content: "Hello" }],
      });
    const answers = [await ask(), await ask(), await ask()];
    expect(answers[0]).toMatchObject({
      choices: [{ message: { content: "Scripted" } }],
      usage: { prompt_tokens: 7, total_tokens: 9, prompt_tokens_details: { cached_tokens: 3 } },
    });
    expect(answers[1]?.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: null, tool_calls: [{ function: { name: "book" } }] },
    });
    expect(answers[2]?.choices[0]?.message.content).toMatch(/^Hello!/);
    expect(models.requests.chat).toHaveLength(3);
  });

  it("can be a function of the request", async () => {
    const { openai, models } = await startModelsAndClient();
    models.replyWith(({ messages }) => ({ content: `You sent ${messages.length}` }));
    const answer = await openai.chat.completions.create({ model: "offline-1", messages: QUESTION });
    expect(answer.choices[0]?.message.content).toBe("You sent 2");
  });

  it("can go wrong as OpenAI does", async () => {
    const { openai, models } = await startModelsAndClient();
    const ask = () =>
      openai.chat.completions.create({ model: "offline-1", messages: QUESTION }, { timeout: 300 });
    models.failNext({
      kind: "error",
      status: 429,
      code: "rate_limit_exceeded",
      retryAfterSeconds: 2,
    });
    const refused = await ask().catch((error: unknown) => error);
    if (!(refused instanceof OpenAI.RateLimitError)) throw new Error("No rate limit error");
    expect(refused).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect(refused.headers.get("retry-after")).toBe("2");

    models.failNext({ kind: "hang" });
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    models.failNext({ kind: "drop" });
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    await expect(ask()).resolves.toBeDefined(); // control
  });
});
