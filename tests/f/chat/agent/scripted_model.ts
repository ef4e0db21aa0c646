import type { Tool } from "../../../../f/chat/agent/types.ts";
import type {
  ChatModel,
  ModelAnswer,
  ModelRequest,
  ToolCall,
} from "../../../../f/platform/models.ts";

const usage = { inputTokens: 10, cachedInputTokens: 4, outputTokens: 2 };

export function says(text: string): ModelAnswer {
  return { model: "gpt-6-luna", kind: "text", text, usage };
}

export function asksFor(...calls: readonly [name: string, args: unknown][]): ModelAnswer {
  const toolCalls: ToolCall[] = calls.map(([name, args], index) => ({
    id: `call_${index}`,
    name,
    argumentsJson: typeof args === "string" ? args : JSON.stringify(args),
  }));
  return {
    model: "gpt-6-luna",
    kind: "tool_calls",
    calls: toolCalls,
    message: {
      role: "assistant",
      text: "",
      calls: toolCalls,
      raw: { model: "gpt-6-luna", content: { signature: "keep me" } },
    },
    usage,
  };
}

/** Answers as scripted, one after the other. */
export class ScriptedModel implements ChatModel {
  readonly id = "gpt-6-luna";
  readonly requests: ModelRequest[] = [];
  readonly #answers: ModelAnswer[];

  constructor(...answers: ModelAnswer[]) {
    this.#answers = answers;
  }

  async answer(request: ModelRequest): Promise<ModelAnswer> {
    this.requests.push({ ...request, messages: [...request.messages] });
    const answer = this.#answers.shift();
    if (!answer) throw new Error("The script has no further answer.");
    return answer;
  }

  /** What the model read of its tool calls, over the whole turn. */
  get toolResults(): string[] {
    const last = this.requests.at(-1)?.messages ?? [];
    return last.flatMap((message) => (message.role === "tool" ? [message.text] : []));
  }
}

/** A tool that runs `run` and records its arguments. */
export function toolNamed(
  name: string,
  run: Tool["run"] = async () => ({ text: `${name} ran`, sources: [] }),
): Tool & { readonly received: unknown[] } {
  const received: unknown[] = [];
  return {
    definition: { name, description: name, parameters: { type: "object" } },
    received,
    run(args, signal) {
      received.push(args);
      return run(args, signal);
    },
  };
}
