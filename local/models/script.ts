import type { Response } from "express";
import type { ChatRequest } from "./chat_request.ts";
import type { ChatReply } from "./offline_chat.ts";
import { OpenAiError, sendOpenAiError } from "./openai_error.ts";

export type ModelCall = "chat" | "responses" | "gemini" | "embeddings" | "rerank";

/** How the next call goes wrong. */
export type ModelFault =
  | {
      kind: "error";
      status: number;
      code?: string;
      message?: string;
      retryAfterSeconds?: number;
    }
  /** No answer, for as long as the caller waits. */
  | { kind: "hang" }
  /** The connection is cut without an answer. */
  | { kind: "drop" };

/** A reply that a test wants, with what it cost if that matters. */
export interface ScriptedReply extends ChatReply {
  /** The model declines, in these words. */
  refusal?: string;
  finishReason?: "stop" | "tool_calls" | "length" | "content_filter";
  usage?: { promptTokens: number; completionTokens: number; cachedTokens?: number };
  /** Answered as it is, for what the other fields cannot say. */
  body?: object;
}

/** What tests ordered, first come, first served. */
export class ModelScript {
  #faults: Record<ModelCall, ModelFault[]> = {
    chat: [],
    responses: [],
    gemini: [],
    embeddings: [],
    rerank: [],
  };
  #replies: ScriptedReply[] = [];
  #answer: ((request: ChatRequest) => ScriptedReply | undefined) | undefined;

  failNext(fault: ModelFault, call: ModelCall, times: number): void {
    for (let n = 0; n < times; n++) this.#faults[call].push(fault);
  }

  nextReply(reply: ScriptedReply): void {
    this.#replies.push(reply);
  }

  replyWith(answer: (request: ChatRequest) => ScriptedReply | undefined): void {
    this.#answer = answer;
  }

  replyTo(request: ChatRequest): ScriptedReply | undefined {
    return this.#replies.shift() ?? this.#answer?.(request);
  }

  /** Answers the call as the next fault says, an error in its API's words; false when there is none. */
  fail(res: Response, call: ModelCall, sendError = sendOpenAiError): boolean {
    const fault = this.#faults[call].shift();
    if (fault === undefined) return false;
    if (fault.kind === "drop") res.socket?.destroy();
    if (fault.kind === "error") {
      if (fault.retryAfterSeconds !== undefined) {
        res.set("retry-after", String(fault.retryAfterSeconds));
      }
      const about = fault.code === undefined ? {} : { code: fault.code };
      sendError(
        res,
        new OpenAiError(fault.status, fault.message ?? "Ordered by failNext().", about),
      );
    }
    return true;
  }
}
