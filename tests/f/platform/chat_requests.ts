import type { ModelAnswer, ModelRequest } from "../../../f/platform/models.ts";

/** Retries without waiting. */
export const noWait = { attempts: 2, firstWaitMs: 0, longestWaitMs: 5 };

export const search = {
  name: "search_knowledge_base",
  description: "Searches.",
  parameters: {
    type: "object",
    properties: { question: { type: "string" } },
    required: ["question"],
    additionalProperties: false,
  },
};

export function asking(text: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [{ role: "user", text }],
    tools: [],
    toolChoice: "auto",
    signal: new AbortController().signal,
    ...more,
  };
}

/** The answer, which has to be tool calls. */
export function toolCallsOf(answer: ModelAnswer): Extract<ModelAnswer, { kind: "tool_calls" }> {
  if (answer.kind !== "tool_calls") throw new Error(`expected tool calls, got ${answer.kind}`);
  return answer;
}
