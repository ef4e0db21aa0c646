/** What a chat model is asked and answers, whoever makes it. The agent knows nothing else of models. */
export interface ChatModel {
  /** as model_table.ts reads it: `name` or `provider:name` */
  readonly id: string;
  /** @throws ModelCallError or, by a chain of models, AllModelsFailedError */
  answer(request: ModelRequest): Promise<ModelAnswer>;
}

export interface ModelRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  /** none: it has to answer in text */
  readonly toolChoice: "auto" | "none";
  /** The same for requests that begin alike: with it, OpenAI finds the beginning in its cache more often. */
  readonly cacheKey?: string;
  /** of the webhook that is answered: W3C Trace Context, for servers and gateways that read it */
  readonly traceparent?: string;
  readonly signal: AbortSignal;
}

export type ChatMessage =
  | { readonly role: "system" | "user"; readonly text: string }
  | AssistantMessage
  | {
      readonly role: "tool";
      readonly callId: string;
      readonly toolName: string;
      readonly text: string;
    };

export interface AssistantMessage {
  readonly role: "assistant";
  readonly text: string;
  /** Each has to be answered by a message of role "tool" right after. */
  readonly calls?: readonly ToolCall[];
  /**
   * The message as its model's API gave it: sent back to that model as it came, or Gemini 3 misses its thought
   * signatures and OpenAI its reasoning. Any other model is given the text and the calls.
   */
  readonly raw?: { readonly model: string; readonly content: unknown };
}

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
export type ModelAnswer = {
  /** the id of the model that answered: a chain has several */
  readonly model: string;
  readonly usage: TokenUsage;
} & (
  | { readonly kind: "text" | "length" | "refusal"; readonly text: string }
  | {
      readonly kind: "tool_calls";
      readonly calls: readonly ToolCall[];
      readonly message: AssistantMessage;
    }
  | { readonly kind: "content_filter" }
);
