import OpenAI from "openai";
import { onTestFinished } from "vitest";
import { startModels } from "../../../local/models/start_models.ts";

export const API_KEY = "sk-local";

/** The stand-in and the real client of the `openai` package, without its own retries. */
export async function startModelsAndClient(apiKey = API_KEY) {
  const models = await startModels({ port: 0, apiKey: API_KEY });
  onTestFinished(() => models.stop());
  const openai = new OpenAI({ apiKey, baseURL: models.baseUrl, maxRetries: 0, timeout: 60_000 });
  return { models, openai };
}

export const SEARCH_TOOL: OpenAI.Chat.Completions.ChatCompletionFunctionTool = {
  type: "function",
  function: {
    name: "search_knowledge_base",
    description: "Searches the documents of the shop.",
    parameters: {
      type: "object",
      properties: { query: { type: "string" } },
      required: ["query"],
      additionalProperties: false,
    },
  },
};
