import { type PriceOf, priceOf } from "../../platform/model_table.ts";
import type { ChatMessage, ChatModel, ModelAnswer } from "../../platform/models.ts";
import { type AgentEvent, modelCallEvent, toolCallEvent } from "./agent_event.ts";
import { executeToolCalls, isRepetition, TOOL_TIMEOUT_MS } from "./execute_tool_calls.ts";
import { fenced } from "./fenced.ts";
import { LAST_ANSWER_MS, type StopRule, TURN_RULES, TURN_TIMEOUT_MS } from "./stop_rules.ts";
import { costOf, type ModelCall, turnUsage } from "./turn_usage.ts";
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
  /** names what the prompts of one chatbot have in common */
  readonly cacheKey?: string;
  /** between which marks the model reads what a tool returned */
  readonly fence: string;
  /** of the webhook that is answered */
  readonly traceparent?: string | null;
  /** what the models cost here; the list's prices unless given */
  readonly priceOf?: PriceOf;
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
export function runAgent(options: AgentOptions): Promise<AgentAnswer> {
  return new AgentRun(options).answer();
}

/** One run. What it has done so far can be read at any time, so that a run that fails has not cost nothing. */
export class AgentRun {
  readonly executions: ToolExecution[] = [];
  readonly #options: AgentOptions;
  readonly #now: () => number;
  readonly #priceOf: PriceOf;
  readonly #startedAt: number;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #messages: ChatMessage[];
  readonly #modelCalls: ModelCall[] = [];
  readonly #signal: AbortSignal;
  /** a tool that hangs leaves the model the time to say so */
  readonly #toolsSignal: AbortSignal;

  constructor(options: AgentOptions) {
    const { turnTimeoutMs = TURN_TIMEOUT_MS, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#priceOf = options.priceOf ?? ((model) => priceOf(model, new Date()));
    this.#startedAt = now();
    // in the same order each time, whatever they were loaded in: they are part of what a provider's cache keeps
    const sorted = options.tools.toSorted((a, b) =>
      a.definition.name < b.definition.name ? -1 : 1,
    );
    this.#tools = new Map(sorted.map((tool) => [tool.definition.name, tool]));
    this.#messages = [...options.messages];
    this.#signal = AbortSignal.timeout(turnTimeoutMs);
    this.#toolsSignal = AbortSignal.timeout(turnTimeoutMs - LAST_ANSWER_MS);
  }

  /** Undefined as long as no model has answered. */
  get usage(): TurnUsage | undefined {
    return this.#modelCalls.length === 0 ? undefined : this.#usage();
  }

  /** Everything that the model was given to read: its prompt, and what its tools returned. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** As runAgent; once. */
  async answer(): Promise<AgentAnswer> {
    for (;;) {
      const isLast = this.#isLastCall();
      const answer = await this.#askModel(isLast);
      if (answer.kind !== "tool_calls") return this.#answerOf(textOf(answer));
      if (isLast) throw new NoReplyError(answer.model, answer.kind);
      const results = await this.#runTools(answer);
      const handOver = results.find((result) => result.handOver)?.handOver;
      if (handOver) return { ...this.#answerOf(handOver.message), handOver };
    }
  }

  #isLastCall(): boolean {
    const { rules = TURN_RULES } = this.#options;
    const progress = this.#progress();
    return this.#tools.size === 0 || rules.some((rule) => rule(progress));
  }

  async #askModel(isLast: boolean): Promise<ModelAnswer> {
    const { model, cacheKey, traceparent, onEvent } = this.#options;
    const askedAt = this.#now();
    const answer = await model.answer({
      messages: this.#messages,
      tools: [...this.#tools.values()].map(({ definition }) => definition),
      toolChoice: isLast ? "none" : "auto",
      ...(cacheKey ? { cacheKey } : {}),
      ...(traceparent ? { traceparent } : {}),
      signal: this.#signal,
    });
    onEvent?.(modelCallEvent(answer, this.#now() - askedAt, this.#priceOf));
    const toolCalls = answer.kind === "tool_calls" ? answer.calls.length : 0;
    this.#modelCalls.push({ model: answer.model, tokens: answer.usage, toolCalls });
    return answer;
  }

  async #runTools(answer: Extract<ModelAnswer, { kind: "tool_calls" }>): Promise<ToolExecution[]> {
    const results = await executeToolCalls(answer.calls, {
      tools: this.#tools,
      earlier: this.executions,
      signal: this.#toolsSignal,
      toolTimeoutMs: this.#options.toolTimeoutMs ?? TOOL_TIMEOUT_MS,
      now: this.#now,
    });
    this.executions.push(...results);
    this.#messages.push(answer.message);
    for (const result of results) {
      this.#options.onEvent?.(toolCallEvent(result, this.#tools.has(result.toolName)));
    }
    // every call is answered by its own id, or the next request is refused
    for (const [index, { id: callId, name: toolName }] of answer.calls.entries()) {
      const text = fenced(toolName, results[index]?.result ?? "", this.#options.fence);
      this.#messages.push({ role: "tool", callId, toolName, text });
    }
    return results;
  }

  #answerOf(text: string): AgentAnswer {
    return { text, executions: this.executions, usage: this.#usage() };
  }

  #usage(): TurnUsage {
    return turnUsage(this.#modelCalls, this.#elapsedMs());
  }

  #progress(): Progress {
    const calls = this.#modelCalls;
    const tokens = calls.map((call) => call.tokens.inputTokens + call.tokens.outputTokens);
    return {
      modelCalls: calls.length,
      toolCalls: this.executions.length,
      tokens: tokens.reduce((total, count) => total + count, 0),
      costUsd: costOf(calls, this.#priceOf),
      elapsedMs: this.#elapsedMs(),
      hasRepeatedCall: this.executions.some(isRepetition),
    };
  }

  #elapsedMs(): number {
    return this.#now() - this.#startedAt;
  }
}

function textOf(answer: Exclude<ModelAnswer, { kind: "tool_calls" }>): string {
  if (answer.kind === "content_filter" || answer.text.trim() === "") {
    throw new NoReplyError(answer.model, answer.kind);
  }
  return answer.text;
}
