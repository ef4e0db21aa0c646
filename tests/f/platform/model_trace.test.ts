import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chatCompletionsModel } from "../../../f/platform/chat_completions.ts";
import { geminiModel, makeGeminiClient } from "../../../f/platform/gemini.ts";
import { ModelCallError } from "../../../f/platform/model_call_error.ts";
import { makeOpenAiClient } from "../../../f/platform/openai.ts";
import { responsesModel } from "../../../f/platform/responses.ts";
import { asking, noWait } from "./chat_requests.ts";

const received: IncomingHttpHeaders[] = [];
/** Keeps a request's headers and wants no more of it. */
const server = createServer((request, response) => {
  received.push(request.headers);
  request.resume().on("end", () => response.writeHead(400).end("{}"));
});
let baseUrl = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const openAi = () => makeOpenAiClient({ apiKey: "sk-test", baseUrl, timeoutMs: 60_000 });
const gemini = () => makeGeminiClient({ apiKey: "key", baseUrl });

it.each([
  ["Chat Completions", () => chatCompletionsModel(openAi(), "gpt-4o-mini", noWait)],
  ["Responses", () => responsesModel(openAi(), "gpt-6-luna", noWait)],
  ["Gemini", () => geminiModel(gemini(), "gemini-3.8-flash", { retries: noWait })],
])(
  "a request over %s carries the trace of the webhook that is answered, and none where there is none",
  async (_, model) => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await expect(model().answer(asking("Hello", { traceparent }))).rejects.toThrow(ModelCallError);
    await expect(model().answer(asking("Hello"))).rejects.toThrow(ModelCallError);
    expect(received.splice(0).map((headers) => headers.traceparent)).toEqual([
      traceparent,
      undefined,
    ]);
  },
);
