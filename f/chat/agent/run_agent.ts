import { costUsd } from "../../platform/model_table.ts";
import type { ChatMessage, ChatModel, ModelAnswer, TokenUsage } from "../../platform/models.ts";
import { executeToolCalls, isRepetition, TOOL_TIMEOUT_MS } from "./execute_tool_calls.ts";
import { type StopRule, TURN_RULES, TURN_TIMEOUT_MS } from "./stop_rules.ts";
import type { AgentAnswer, Progress, Tool, ToolExecution, TurnUsage } from "./types.ts";

/** The model gave no words that could be sent. */
export class NoReplyError extends Error {
  override readonly name = "NoReplyError";
  readonly model: string;
  readonly answerKind: ModelAnswer["kind"];

  constructor(model: string, answerKind: ModelAnswer["kind"]) {
    super(`The model ${model} ended the turn with "${answerKind}" and without a text to send.`);
    this.model = model;
    this.answerKind = answerKind;
  }
}

export interface AgentOptions {
  readonly model: ChatModel;
  readonly tools: readonly Tool[];
  readonly messages: readonly ChatMessage[];
  readonly rules?: readonly StopRule[];
  readonly turnTimeoutMs?: number;
  readonly toolTimeoutMs?: number;
  /** milliseconds of any clock that only goes forward */
  readonly now?: () => number;
}

/**
 * Asks the model, runs the tools it asks for, and asks again, until it answers in text. As soon as a stop rule
 * holds, the next call is the last and may use no tool, so the turn ends in text.
 * Throws ModelCallError, or NoReplyError when the text is missing all the same.
 */
export async function runAgent(options: AgentOptions): Promise<AgentAnswer> {
  const { model, rules = TURN_RULES, now = () => performance.now() } = options;
  const tools = new Map(options.tools.map((tool) => [tool.definition.name, tool]));
  const signal = AbortSignal.timeout(options.turnTimeoutMs ?? TURN_TIMEOUT_MS);
  const startedAt = now();
  const messages = [...options.messages];
  const executions: ToolExecution[] = [];
  const usages: TokenUsage[] = [];

  for (;;) {
    const progress = progressOf(model.id, usages, executions, now() - startedAt);
    const isLast = tools.size === 0 || rules.some((rule) => rule(progress));
    const answer = await model.answer({
      messages,
      tools: options.tools.map(({ definition }) => definition),
      toolChoice: isLast ? "none" : "auto",
      signal,
    });
    usages.push(answer.usage);
    if (answer.kind !== "tool_calls") {
      const usage = usageOf(model.id, usages, executions, now() - startedAt);
      return { text: textOf(answer, model.id), executions, usage };
    }
    if (isLast) throw new NoReplyError(model.id, answer.kind);
    const results = await executeToolCalls(answer.calls, {
      tools,
      earlier: executions,
      signal,
      toolTimeoutMs: options.toolTimeoutMs ?? TOOL_TIMEOUT_MS,
      now,
    });
    executions.push(...results);
    messages.push(answer.message);
    // every call is answered by its own id, or the next request is refused
    for (const [index, call] of answer.calls.entries()) {
      messages.push({ role: "tool", callId: call.id, text: results[index]?.result ?? "" });
    }
  }
}

function textOf(answer: Exclude<ModelAnswer, { kind: "tool_calls" }>, model: string): string {
  if (answer.kind === "content_filter" || answer.text.trim() === "") {
    throw new NoReplyError(model, answer.kind);
  }
  return answer.text;
}

function progressOf(
  model: string,
  usages: readonly TokenUsage[],
  executions: readonly ToolExecution[],
  elapsedMs: number,
): Progress {
  const total = sum(usages);
  return {
    modelCalls: usages.length,
    toolCalls: executions.length,
    tokens: total.inputTokens + total.outputTokens,
    // a model without a known price is held by the other rules
    costUsd: costUsd(model, total) ?? 0,
    elapsedMs,
    hasRepeatedCall: executions.some(isRepetition),
  };
}

function usageOf(
  model: string,
  usages: readonly TokenUsage[],
  executions: readonly ToolExecution[],
  elapsedMs: number,
): TurnUsage {
  const total = sum(usages);
  return {
    model,
    model_calls: usages.length,
    tool_calls: executions.length,
    input_tokens: total.inputTokens,
    cached_input_tokens: total.cachedInputTokens,
    output_tokens: total.outputTokens,
    milliseconds: Math.round(elapsedMs),
  };
}

function sum(usages: readonly TokenUsage[]): TokenUsage {
  const add = (field: keyof TokenUsage) => usages.reduce((total, usage) => total + usage[field], 0);
  return {
    inputTokens: add("inputTokens"),
    cachedInputTokens: add("cachedInputTokens"),
    outputTokens: add("outputTokens"),
  };
}
