import { costAt, type PriceOf } from "../../platform/model_table.ts";
import type { ModelAnswer } from "../../platform/models.ts";
import type { ToolExecution } from "./types.ts";

/**
 * What a run's log tells of one model call or tool call: names that we gave and numbers. Nothing that anybody wrote
 * has a place in it, so there is nothing to redact.
 */
export type AgentEvent =
  | {
      readonly event: "model_call";
      readonly model: string;
      readonly answer: ModelAnswer["kind"];
      readonly input_tokens: number;
      readonly cached_input_tokens: number;
      readonly output_tokens: number;
      /** null: the model's price is not known */
      readonly cost_usd: number | null;
      readonly milliseconds: number;
    }
  | {
      readonly event: "tool_call";
      /** null: there is no such tool, and its name is the model's own text */
      readonly tool: string | null;
      readonly status: ToolExecution["status"];
      readonly result_characters: number;
      readonly milliseconds: number;
    };

export function modelCallEvent(
  answer: ModelAnswer,
  elapsedMs: number,
  priceOf: PriceOf,
): AgentEvent {
  const { model, kind, usage } = answer;
  const price = priceOf(model);
  return {
    event: "model_call",
    model,
    answer: kind,
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    output_tokens: usage.outputTokens,
    cost_usd: price ? costAt(price, usage) : null,
    milliseconds: Math.round(elapsedMs),
  };
}

export function toolCallEvent(execution: ToolExecution, isKnown: boolean): AgentEvent {
  return {
    event: "tool_call",
    tool: isKnown ? execution.toolName : null,
    status: execution.status,
    result_characters: execution.result.length,
    milliseconds: execution.durationMs,
  };
}
