import { type ChatRequest, textOf } from "./chat_request.ts";

/** Four characters a token: near enough for budgets and bills that nobody pays. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** The prompt as one text: what is counted, and what a later prompt may share the beginning of. */
export function promptText({ messages, tools }: ChatRequest): string {
  const spoken = messages.map((message) => {
    const calls = message.role === "assistant" ? JSON.stringify(message.tool_calls ?? []) : "";
    return `${message.role}: ${textOf(message.content)}${calls}\n`;
  });
  return `${tools === undefined ? "" : JSON.stringify(tools)}${spoken.join("")}`;
}

/** OpenAI caches prompts from 1,024 tokens on, in steps of 128. */
const LEAST_CACHED = 1_024;
const CACHE_STEP = 128;
const REMEMBERED_PROMPTS = 50;

/** How many tokens of a prompt an earlier prompt began with. */
export class PromptCache {
  #prompts: string[] = [];

  cachedTokens(prompt: string): number {
    const shared = Math.max(0, ...this.#prompts.map((earlier) => sharedLength(earlier, prompt)));
    this.#prompts = [...this.#prompts, prompt].slice(-REMEMBERED_PROMPTS);
    const tokens = Math.floor(shared / 4 / CACHE_STEP) * CACHE_STEP;
    return tokens < LEAST_CACHED ? 0 : tokens;
  }
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
