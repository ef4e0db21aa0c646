import type { ToolDefinition } from "../../platform/models.ts";

/** Something a model may ask for. Whose tenant, chatbot and contact it works for is bound when it is made. */
export interface Tool {
  readonly definition: ToolDefinition;
  /** whose it is; a tool of our own has none */
  readonly integrationId?: string;
  /** `args` is whatever JSON the model wrote. Throws ToolArgumentsError when it does not fit. */
  run(args: unknown, signal: AbortSignal): Promise<ToolResult>;
}

export interface ToolResult {
  /** what the model reads */
  readonly text: string;
  /** what a reply may cite after this */
  readonly sources: readonly Source[];
  /** the turn ends with this: the model is not asked again */
  readonly handOver?: HandOver | undefined;
}

/** A person of the business goes on with the conversation. */
export interface HandOver {
  /** for that person, in the model's words */
  readonly reason: string;
  /** for the contact */
  readonly message: string;
}

export interface Source {
  readonly name: string;
  /** 1-based; null where the source has no pages */
  readonly page: number | null;
}

/** The model's arguments do not fit the tool. The model is told, so that it can call again. */
export class ToolArgumentsError extends Error {
  override readonly name = "ToolArgumentsError";
}

/** It is not to be called now. The message is for the model. */
export class ToolRefusedError extends Error {
  override readonly name: string = "ToolRefusedError";
}

/** ok: it ran. error: it failed or the arguments did not fit. refused: it was not run. */
export interface ToolExecution {
  /** from 0, over all the turn's model calls */
  readonly callNo: number;
  readonly toolName: string;
  readonly integrationId: string | null;
  readonly args: unknown;
  readonly status: "ok" | "error" | "timeout" | "refused";
  /** what the model read */
  readonly result: string;
  /** what went wrong, for the operator */
  readonly error: string | null;
  readonly durationMs: number;
  readonly sources: readonly Source[];
  readonly handOver?: HandOver | undefined;
}

/** What the turn has used so far. */
export interface Progress {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly tokens: number;
  readonly costUsd: number;
  readonly elapsedMs: number;
  /** the model asked for the very same call again */
  readonly hasRepeatedCall: boolean;
}

export interface AgentAnswer {
  /** the model's own words, in Markdown */
  readonly text: string;
  readonly executions: readonly ToolExecution[];
  readonly usage: TurnUsage;
  /** asked for by one of the tools; its message is the text */
  readonly handOver?: HandOver | undefined;
}

/** As turns.usage keeps it: the whole turn, and what each model had of it. */
export interface TurnUsage extends ModelUsage {
  readonly milliseconds: number;
  readonly models: readonly ModelUsage[];
}

export interface ModelUsage {
  /** of the whole turn: the one that gave the reply */
  readonly model: string;
  readonly model_calls: number;
  readonly tool_calls: number;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly output_tokens: number;
}
