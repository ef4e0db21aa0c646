import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NoReplyError, runAgent } from "../../../../f/chat/agent/run_agent.ts";
import { searchKnowledgeBase } from "../../../../f/chat/tools/search_knowledge_base.ts";
import { chatCompletionsModel } from "../../../../f/platform/chat_completions.ts";
import { geminiModel, makeGeminiClient } from "../../../../f/platform/gemini.ts";
import type { ChatModel } from "../../../../f/platform/models.ts";
import { makeOpenAiClient } from "../../../../f/platform/openai.ts";
import { responsesModel } from "../../../../f/platform/responses.ts";
import type { ScriptedReply } from "../../../../local/models/script.ts";
import { type ModelsStandIn, startModels } from "../../../../local/models/start_models.ts";
import { noWait } from "../../platform/chat_requests.ts";
import { toolNamed } from "./scripted_model.ts";

let models: ModelsStandIn;
let searched = 0;
beforeEach(async () => {
  models = await startModels({ port: 0, apiKey: "key" });
  searched = 0;
});
afterEach(() => models.stop());

const SEARCH = "search_knowledge_base";
const call = (name: string, args: string): ScriptedReply => ({
  toolCalls: [{ name, arguments: args }],
});
const GOOD = call(SEARCH, '{"question":"When do you open?"}');

const openAi = () =>
  makeOpenAiClient({ apiKey: "key", baseUrl: models.baseUrl, timeoutMs: 20_000 });
const gemini = () => makeGeminiClient({ apiKey: "key", baseUrl: models.geminiUrl });

const messages = [{ role: "user", text: "When do you open?" }] as const;

/** One turn, in which the model answers these, one after the other. */
function turn(model: ChatModel, ...replies: ScriptedReply[]) {
  for (const reply of replies) models.nextReply(reply);
  const search = searchKnowledgeBase(async () => {
    searched += 1;
    return [];
  });
  return runAgent({ model, tools: [search], messages, fence: "5eed" });
}

describe.each<[string, () => ChatModel]>([
  ["Chat Completions", () => chatCompletionsModel(openAi(), "gpt-4.1-mini", noWait)],
  ["Responses", () => responsesModel(openAi(), "gpt-6-luna", noWait)],
  ["Gemini", () => geminiModel(gemini(), "gemini-3.8-flash", { retries: noWait })],
])("a turn over %s", (api, model) => {
  it.each<[string, ScriptedReply, string[]]>([
    // what is no JSON Google keeps to itself, and is asked again
    ["no JSON", call(SEARCH, '{"question": '), api === "Gemini" ? ["ok"] : ["error", "ok"]],
    ["arguments that do not fit", call(SEARCH, '{"q": 1}'), ["error", "ok"]],
    ["an unknown tool", call("cancel_order", "{}"), ["error", "ok"]],
    ["a name that no tool can have", call("functions.search order", "{}"), ["error", "ok"]],
    ["a name that is too long", call("s".repeat(65), "{}"), ["error", "ok"]],
  ])(
    "goes on after a call with %s: the model is told, and calls again",
    async (_, bad, statuses) => {
      const answer = await turn(model(), bad, GOOD, { content: "I do not know." });
      expect(answer.text).toBe("I do not know.");
      expect(answer.executions.map(({ status }) => status)).toEqual(statuses);
    },
  );

  it("may have a tool that its server describes at more length than OpenAI reads", async () => {
    models.nextReply({ content: "At nine." });
    const tool = toolNamed("look_up");
    const description = `${"x".repeat(1_023)}😀 and more`;
    const tools = [{ ...tool, definition: { ...tool.definition, description } }];
    expect(await runAgent({ model: model(), tools, messages, fence: "5eed" })).toMatchObject({
      text: "At nine.",
    });
    const { chat, responses, gemini: google } = models.requests;
    const told = JSON.stringify([chat, responses, google]);
    expect(told).toContain("x".repeat(1_023));
    expect(told).not.toMatch(/\\ud83d/); // no half of a character
  });

  it("says what the model says when it declines, or is cut", async () => {
    const refused = await turn(model(), GOOD, { refusal: "I cannot help with that." });
    expect(refused.text).toBe("I cannot help with that.");
    const cut = await turn(model(), GOOD, { content: "We open at", finishReason: "length" });
    expect(cut.text).toBe("We open at");
  });

  it.each<[string, ScriptedReply, string]>([
    ["withheld", { content: "", finishReason: "content_filter" }, "content_filter"],
    // its arguments may be half of what was meant
    ["cut in the middle of a call", { ...GOOD, finishReason: "length" }, "length"],
  ])("fails when the answer was %s, and runs no tool", async (_, reply, answerKind) => {
    const failure = await turn(model(), reply).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NoReplyError);
    expect(failure).toMatchObject({ answerKind });
    expect(searched).toBe(0);
    await turn(model(), GOOD, { content: "I do not know." });
    expect(searched).toBe(1); // control
  });
});
