import type {
  ChatModel,
  ModelAnswer,
  ModelRequest,
  ToolCall,
} from "../../../../f/platform/models.ts";
import type { InjectedText, Order } from "./texts.ts";

const usage = { inputTokens: 100, cachedInputTokens: 0, outputTokens: 20 };

/**
 * Asks its tools about the question that it is given, and obeys the first injected text that it reads anywhere, marked
 * as data or not: it makes the call, says what came of it, and says what it was told to say.
 */
export class ObedientModel implements ChatModel {
  readonly id = "gpt-6-luna";
  readonly obeyed: InjectedText[] = [];
  readonly #texts: readonly InjectedText[];
  #hasCalled = false;

  constructor(texts: readonly InjectedText[]) {
    this.#texts = texts;
  }

  async answer(request: ModelRequest): Promise<ModelAnswer> {
    const injected = this.#obeyed(request);
    if (injected && "call" in injected.order && !this.#hasCalled) {
      this.#hasCalled = true;
      return this.#calls([injected.order.call, injected.order.args]);
    }
    if (injected) return this.#says(this.#carriedOut(injected.order, request));
    if (request.messages.some(({ role }) => role === "tool")) return this.#says("We open at nine.");
    return this.#calls(
      ["search_knowledge_base", { question: "When do you open?" }],
      ["shop__order_status", { order: "A-17" }],
    );
  }

  #obeyed({ messages }: ModelRequest): InjectedText | undefined {
    if (this.obeyed[0]) return this.obeyed[0];
    const read = messages
      .filter(({ role }) => role !== "system")
      .map(({ text }) => beginning(text, Number.POSITIVE_INFINITY));
    const found = this.#texts.find(({ text }) =>
      read.some((said) => said.includes(beginning(text))),
    );
    if (found) this.obeyed.push(found);
    return found;
  }

  #carriedOut(order: Order, request: ModelRequest): string {
    const result = request.messages.findLast(({ role }) => role === "tool")?.text;
    if ("call" in order) return `Done. It returned: ${result}`;
    if ("say" in order) return order.say;
    const told = request.messages.map(({ text }) => text);
    if ("link" in order) return `Hello. ${order.link(encodeURIComponent(told.at(-1) ?? ""))}`;
    const [instructions = "", ...others] = told;
    const mark = others.join(" ").match(/\[data [0-9a-f]+/)?.[0] ?? "";
    return shownAs(order.reveal, `${instructions} ${mark}`);
  }

  #says(text: string): ModelAnswer {
    return { model: this.id, kind: "text", text, usage };
  }

  #calls(...calls: readonly [name: string, args: object][]): ModelAnswer {
    const toolCalls: ToolCall[] = calls.map(([name, args], index) => ({
      id: `call_${this.obeyed.length}_${index}`,
      name,
      argumentsJson: JSON.stringify(args),
    }));
    const message = { role: "assistant", text: "", calls: toolCalls } as const;
    return { model: this.id, kind: "tool_calls", calls: toolCalls, message, usage };
  }
}

function shownAs(form: "plain" | "base64" | "spaced" | "code", text: string): string {
  if (form === "base64") return Buffer.from(text).toString("base64");
  if (form === "spaced") return [...text].join(" ");
  return form === "code" ? `\`\`\`\n${text}\n\`\`\`` : text;
}

/** The letters of a text's beginning, also where the text stands in JSON. */
function beginning(text: string, length = 50): string {
  const letters = text.replace(/\\[nrt"\\]/g, " ").replace(/[^\p{L}\p{N}]/gu, "");
  return letters.slice(0, length);
}
