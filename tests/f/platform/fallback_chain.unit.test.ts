import { describe, expect, it } from "vitest";
import { AllModelsFailedError, fallbackChain } from "../../../f/platform/fallback_chain.ts";
import {
  type ModelCallError,
  refusedCall,
  timedOutCall,
} from "../../../f/platform/model_call_error.ts";
import type { ChatModel, ModelAnswer } from "../../../f/platform/models.ts";
import { asking } from "./chat_requests.ts";

class Scripted implements ChatModel {
  asked = 0;
  readonly id: string;
  readonly #answers: ("answers" | unknown)[];

  constructor(id: string, ...answers: ("answers" | unknown)[]) {
    this.id = id;
    this.#answers = answers;
  }

  async answer(): Promise<ModelAnswer> {
    this.asked += 1;
    const next = this.#answers.shift() ?? "answers";
    if (next !== "answers") throw next;
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
    return { model: this.id, kind: "text", text: "Hi", usage };
  }
}

function refused(status: number, code?: string): ModelCallError {
  return refusedCall("first", `status ${status}.`, { status, code, retryAfterMs: undefined }, null);
}

describe("the next model", () => {
  it.each<[string, unknown]>([
    ["a rate limit", refused(429)],
    ["a quota that is used up", refused(429, "insufficient_quota")],
    ["a server's fault", refused(500)],
    ["an overloaded server", refused(529)],
    ["a timeout", timedOutCall("first", null)],
  ])("answers after %s, and from then on", async (_, error) => {
    const [first, second] = [new Scripted("first", error), new Scripted("second")];
    const chain = fallbackChain([first, second]);
    expect((await chain.answer(asking("?"))).model).toBe("second");
    await chain.answer(asking("?"));
    expect([first.asked, second.asked]).toEqual([1, 2]);
  });

  it.each<[string, unknown]>([
    ["a bad request", refused(400)],
    ["a wrong key", refused(401)],
    ["a forbidden model", refused(403)],
    ["an unknown model", refused(404)],
    ["the end of the turn's time", new DOMException("over", "TimeoutError")],
  ])("is not asked after %s", async (_, error) => {
    const second = new Scripted("second");
    const chain = fallbackChain([new Scripted("first", error), second]);
    await expect(chain.answer(asking("?"))).rejects.toBe(error);
    expect(second.asked).toBe(0);
  });

  it("is missing in the end: the error names each attempt", async () => {
    const attempts = [refused(503), timedOutCall("second", null)] as const;
    const chain = fallbackChain([
      new Scripted("first", attempts[0]),
      new Scripted("second", attempts[1]),
    ]);
    const error: unknown = await chain.answer(asking("?")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AllModelsFailedError);
    expect(error).toMatchObject({ attempts, cause: attempts[1] });
    expect(String(error)).toMatch(/model first .*503.*model second .*too long/);
  });
});
