/** What a chat model is asked and answers, whoever makes it. The agent knows nothing else of models. */
export interface ChatModel {
  readonly id: string;
  /** Throws ModelCallError when no usable answer came. */
  answer(request: ModelRequest): Promise<ModelAnswer>;
}

export interface ModelRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  /** none: it has to answer in text */
  readonly toolChoice: "auto" | "none";
  readonly signal: AbortSignal;
}

export type ChatMessage =
  | { readonly role: "system" | "user"; readonly text: string }
  | {
      readonly role: "assistant";
      readonly text: string;
      /** The model's own message: sent back as it came, or Gemini 3 misses its thought signatures. */
      readonly raw?: object;
    }
  | { readonly role: "tool"; readonly callId: string; readonly text: string };

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON schema of an object */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** as the model wrote them: perhaps not JSON */
  readonly argumentsJson: string;
}

export interface TokenUsage {
  /** cachedInputTokens included */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/**
 * length: the text was cut by the output limit. refusal: the model declined, in its own words.
 * content_filter: the provider withheld the answer.
 */
export type ModelAnswer = { readonly usage: TokenUsage } & (
  | { readonly kind: "text" | "length" | "refusal"; readonly text: string }
  | {
      readonly kind: "tool_calls";
      readonly calls: readonly ToolCall[];
      readonly message: Extract<ChatMessage, { role: "assistant" }>;
    }
  | { readonly kind: "content_filter" }
);
