import type { ChatMessage, ChatModel, ModelAnswer } from "../../platform/models.ts";
import { type AgentEvent, modelCallEvent, toolCallEvent } from "./agent_event.ts";
import { executeToolCalls, isRepetition, TOOL_TIMEOUT_MS } from "./execute_tool_calls.ts";
import { fenced } from "./fenced.ts";
import { LAST_ANSWER_MS, type StopRule, TURN_RULES, TURN_TIMEOUT_MS } from "./stop_rules.ts";
import { costOf, type ModelCall, turnUsage } from "./turn_usage.ts";
import type { AgentAnswer, Progress, Tool, ToolExecution } from "./types.ts";

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
  /** names what the prompts of one chatbot have in common */
  readonly cacheKey?: string;
  /** between which marks the model reads what a tool returned */
  readonly fence: string;
  /** told of each model call and tool call when it has ended */
  readonly onEvent?: (event: AgentEvent) => void;
  readonly turnTimeoutMs?: number;
  readonly toolTimeoutMs?: number;
  /** milliseconds of any clock that only goes forward */
  readonly now?: () => number;
}

/**
 * Asks the model, runs the tools it asks for, and asks again, until it answers in text. As soon as a stop rule
 * holds, the next call is the last and may use no tool, so the turn ends in text.
 * Throws what the model's answer() throws, or NoReplyError when the text is missing all the same.
 */
export async function runAgent(options: AgentOptions): Promise<AgentAnswer> {
  const { model, rules = TURN_RULES, now = () => performance.now() } = options;
  // in the same order each time, whatever they were loaded in: they are part of what a provider's cache keeps
  const offered = options.tools.toSorted((a, b) =>
    a.definition.name < b.definition.name ? -1 : 1,
  );
  const tools = new Map(offered.map((tool) => [tool.definition.name, tool]));
  const turnTimeoutMs = options.turnTimeoutMs ?? TURN_TIMEOUT_MS;
  const signal = AbortSignal.timeout(turnTimeoutMs);
  // a tool that hangs leaves the model the time to say so
  const toolsSignal = AbortSignal.timeout(turnTimeoutMs - LAST_ANSWER_MS);
  const startedAt = now();
  const messages = [...options.messages];
  const executions: ToolExecution[] = [];
  const modelCalls: ModelCall[] = [];

  for (;;) {
    const progress = progressOf(modelCalls, executions, now() - startedAt);
    const isLast = tools.size === 0 || rules.some((rule) => rule(progress));
    const askedAt = now();
    const answer = await model.answer({
      messages,
      tools: offered.map(({ definition }) => definition),
      toolChoice: isLast ? "none" : "auto",
      ...(options.cacheKey ? { cacheKey: options.cacheKey } : {}),
      signal,
    });
    options.onEvent?.(modelCallEvent(answer, now() - askedAt));
    const toolCalls = answer.kind === "tool_calls" ? answer.calls.length : 0;
    modelCalls.push({ model: answer.model, tokens: answer.usage, toolCalls });
    if (answer.kind !== "tool_calls") {
      const usage = turnUsage(modelCalls, now() - startedAt);
      return { text: textOf(answer), executions, usage };
    }
    if (isLast) throw new NoReplyError(answer.model, answer.kind);
    const results = await executeToolCalls(answer.calls, {
      tools,
      earlier: executions,
      signal: toolsSignal,
      toolTimeoutMs: options.toolTimeoutMs ?? TOOL_TIMEOUT_MS,
      now,
    });
    executions.push(...results);
    for (const result of results) {
      options.onEvent?.(toolCallEvent(result, tools.has(result.toolName)));
    }
    const handOver = results.find((result) => result.handOver)?.handOver;
    if (handOver) {
      const usage = turnUsage(modelCalls, now() - startedAt);
      return { text: handOver.message, executions, usage, handOver };
    }
    messages.push(answer.message);
    // every call is answered by its own id, or the next request is refused
    for (const [index, call] of answer.calls.entries()) {
      const text = fenced(call.name, results[index]?.result ?? "", options.fence);
      messages.push({ role: "tool", callId: call.id, toolName: call.name, text });
    }
  }
}

function textOf(answer: Exclude<ModelAnswer, { kind: "tool_calls" }>): string {
  if (answer.kind === "content_filter" || answer.text.trim() === "") {
    throw new NoReplyError(answer.model, answer.kind);
  }
  return answer.text;
}

function progressOf(
  modelCalls: readonly ModelCall[],
  executions: readonly ToolExecution[],
  elapsedMs: number,
): Progress {
  const tokens = modelCalls.map((call) => call.tokens.inputTokens + call.tokens.outputTokens);
  return {
    modelCalls: modelCalls.length,
    toolCalls: executions.length,
    tokens: tokens.reduce((total, count) => total + count, 0),
    costUsd: costOf(modelCalls),
    elapsedMs,
    hasRepeatedCall: executions.some(isRepetition),
  };
}
