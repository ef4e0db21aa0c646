import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../../../f/chat/agent/agent_event.ts";
import { NoReplyError, runAgent } from "../../../../f/chat/agent/run_agent.ts";
import { LAST_ANSWER_MS } from "../../../../f/chat/agent/stop_rules.ts";
import { type Tool, ToolArgumentsError } from "../../../../f/chat/agent/types.ts";
import type { ModelAnswer } from "../../../../f/platform/models.ts";
import { asksFor, ScriptedModel, says, toolNamed } from "./scripted_model.ts";

const question = [{ role: "user", text: "When do you open?" }] as const;

function run(model: ScriptedModel, tools: readonly Tool[] = [], more = {}) {
  return runAgent({ model, tools, messages: question, fence: "5eed", ...more });
}

describe("a turn", () => {
  it("ends with the model's text", async () => {
    const answer = await run(new ScriptedModel(says("At nine.")), [toolNamed("search")]);
    expect(answer).toMatchObject({
      text: "At nine.",
      executions: [],
      usage: { model: "gpt-6-luna", model_calls: 1, tool_calls: 0, input_tokens: 10 },
    });
  });

  it("gives the model what its tools returned, after its own message as it came", async () => {
    const model = new ScriptedModel(asksFor(["search", { question: "hours" }]), says("At nine."));
    const search = toolNamed("search", async () => ({
      text: "open 9-17",
      sources: [{ name: "Hours.pdf", page: 2 }],
    }));
    const answer = await run(model, [search]);
    expect(search.received).toEqual([{ question: "hours" }]);
    expect(model.requests[1]?.messages.slice(1)).toEqual([
      expect.objectContaining({
        role: "assistant",
        raw: { model: "gpt-6-luna", content: { signature: "keep me" } },
      }),
      {
        role: "tool",
        callId: "call_0",
        toolName: "search",
        text: "[data 5eed: search]\nopen 9-17\n[end of data 5eed]",
      },
    ]);
    expect(answer.executions).toMatchObject([
      { callNo: 0, toolName: "search", status: "ok", sources: [{ name: "Hours.pdf", page: 2 }] },
    ]);
    expect(answer.usage).toMatchObject({ model_calls: 2, tool_calls: 1, output_tokens: 4 });
  });

  it("tells of each call what it took, in names and numbers, and nothing that was said", async () => {
    const model = new ScriptedModel(
      asksFor(["search", { question: "secret question" }], ["made up by a contact", {}]),
      says("A secret answer."),
    );
    const events: AgentEvent[] = [];
    const search = toolNamed("search", async () => ({ text: "a secret result", sources: [] }));
    await run(model, [search], { onEvent: (event: AgentEvent) => events.push(event) });
    expect(events).toMatchObject([
      { event: "model_call", model: "gpt-6-luna", answer: "tool_calls", input_tokens: 10 },
      { event: "tool_call", tool: "search", status: "ok", result_characters: 15 },
      { event: "tool_call", tool: null, status: "error" },
      { event: "model_call", answer: "text", cost_usd: expect.any(Number) },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/secret|made up/);
  });

  it("offers the tools in the order of their names, however they were loaded", async () => {
    const offered = async (...names: string[]) => {
      const model = new ScriptedModel(says("At nine."));
      await run(
        model,
        names.map((name) => toolNamed(name)),
      );
      return model.requests[0]?.tools.map(({ name }) => name);
    };
    expect(await offered("search", "remember", "book")).toEqual(["book", "remember", "search"]);
    expect(await offered("book", "search", "remember")).toEqual(["book", "remember", "search"]);
  });

  it("does not change the messages it was given", async () => {
    const messages = Object.freeze([...question]);
    const model = new ScriptedModel(asksFor(["search", {}]), says("At nine."));
    await runAgent({ model, tools: [toolNamed("search")], messages, fence: "5eed" });
    expect(messages).toEqual(question);
  });

  it.each<[string, ModelAnswer]>([
    ["no text", says("  ")],
    ["a withheld answer", { ...says(""), kind: "content_filter" }],
  ])("fails with %s", async (_, answer) => {
    await expect(run(new ScriptedModel(answer))).rejects.toThrow(NoReplyError);
  });

  it.each<ModelAnswer>([
    { ...says("I cannot help with that."), kind: "refusal" } as ModelAnswer,
    { ...says("A long text that was cut"), kind: "length" } as ModelAnswer,
  ])("sends the words of a $kind", async (answer) => {
    expect((await run(new ScriptedModel(answer))).text).not.toBe("");
  });
});

describe("a bad tool call", () => {
  it.each<[string, [string, unknown], string]>([
    ["an unknown tool", ["delete_everything", {}], "there is no such tool; there is: search"],
    ["a name out of Object's prototype", ["constructor", {}], "there is no such tool"],
    ["arguments that are no JSON", ["search", "{question: "], "not JSON"],
    ["arguments that do not fit", ["search", { q: 1 }], "a question is missing"],
  ])("with %s goes back to the model as an error", async (_, call, error) => {
    const search = toolNamed("search", async (args) => {
      if (!(args as { question?: string }).question) {
        throw new ToolArgumentsError("a question is missing");
      }
      return { text: "found", sources: [] };
    });
    const model = new ScriptedModel(
      asksFor(call),
      asksFor(["search", { question: "x" }]),
      says("OK"),
    );
    const { text, executions } = await run(model, [search]);
    expect(text).toBe("OK");
    expect(model.toolResults[0]).toContain(error);
    expect(executions.map(({ status }) => status)).toEqual(["error", "ok"]);
  });

  it("that fails inside tells the model that, and the operator why", async () => {
    const broken = toolNamed("search", async () => {
      throw new Error("connect ECONNREFUSED 10.0.0.5:5432");
    });
    const model = new ScriptedModel(asksFor(["search", {}]), says("Sorry"));
    const { executions } = await run(model, [broken]);
    expect(model.toolResults[0]).not.toContain("10.0.0.5");
    expect(executions[0]).toMatchObject({
      status: "error",
      error: "connect ECONNREFUSED 10.0.0.5:5432",
    });
  });

  it("that hangs is given up, although the tool ignores its signal", async () => {
    const hanging = toolNamed("search", () => new Promise(() => undefined));
    const model = new ScriptedModel(asksFor(["search", {}]), says("Sorry"));
    const { executions } = await run(model, [hanging], { toolTimeoutMs: 5 });
    expect(executions[0]?.status).toBe("timeout");
  });

  it("that hangs near the end of the turn leaves the model the time to answer", async () => {
    const hanging = toolNamed("search", () => new Promise(() => undefined));
    const model = new ScriptedModel(asksFor(["search", {}]), says("Sorry"));
    const turn = await run(model, [hanging], { turnTimeoutMs: LAST_ANSWER_MS + 5 });
    expect(turn).toMatchObject({ text: "Sorry", executions: [{ status: "timeout" }] });
    expect(model.requests.at(-1)?.signal.aborted).toBe(false);
  });
});

describe("a stop rule", () => {
  const different = (n: number) => asksFor(["search", { question: String(n) }]);

  it("makes the fifth model call the last, without tools", async () => {
    const answers = [1, 2, 3, 4].map(different);
    const model = new ScriptedModel(...answers, says("That is all I found."));
    const answer = await run(model, [toolNamed("search")]);
    expect(answer.text).toBe("That is all I found.");
    expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual([
      "auto",
      "auto",
      "auto",
      "auto",
      "none",
    ]);
  });

  it("fails when the model asks for tools all the same", async () => {
    const model = new ScriptedModel(...[1, 2, 3, 4, 5].map(different));
    await expect(run(model, [toolNamed("search")])).rejects.toThrow(NoReplyError);
  });

  it("refuses the ninth tool call and forbids further ones", async () => {
    const search = toolNamed("search");
    const nine = asksFor(
      ...Array.from({ length: 9 }, (_, n) => ["search", { n }] as [string, unknown]),
    );
    const model = new ScriptedModel(nine, says("OK"));
    const { executions } = await run(model, [search]);
    expect(search.received).toHaveLength(8);
    expect(executions.map(({ status }) => status)).toEqual([...Array(8).fill("ok"), "refused"]);
    expect(model.requests.at(-1)?.toolChoice).toBe("none");
  });

  it("does not run an identical call again, and asks for the answer", async () => {
    const search = toolNamed("search");
    const same = () => asksFor(["search", { question: "hours" }]);
    const model = new ScriptedModel(same(), same(), says("At nine."));
    const { executions } = await run(model, [search]);
    expect(search.received).toHaveLength(1);
    expect(executions.map(({ status }) => status)).toEqual(["ok", "refused"]);
    expect(model.requests.at(-1)?.toolChoice).toBe("none");
  });

  const nothing = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  it.each([
    ["the tokens are spent", { ...nothing, inputTokens: 60_000 }, 0, "none"],
    ["the time is spent", nothing, 31_000, "none"],
    ["neither is", { ...nothing, inputTokens: 59_000 }, 1_000, "auto"],
  ])("looks whether %s", async (_, usage, elapsed, toolChoice) => {
    const model = new ScriptedModel({ ...asksFor(["search", {}]), usage }, says("OK"));
    let time = 0;
    const search = toolNamed("search", async () => {
      time += elapsed;
      return { text: "ok", sources: [] };
    });
    await run(model, [search], { now: () => time });
    expect(model.requests.at(-1)?.toolChoice).toBe(toolChoice);
  });

  it("runs at most four tools at once", async () => {
    let running = 0;
    let most = 0;
    const slow = toolNamed("search", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { text: "ok", sources: [] };
    });
    const eight = asksFor(
      ...Array.from({ length: 8 }, (_, n) => ["search", { n }] as [string, unknown]),
    );
    const model = new ScriptedModel(eight, says("OK"));
    await run(model, [slow]);
    expect(most).toBe(4);
  });
});

it("cuts a long result, keeping its head and tail", async () => {
  const long = toolNamed("search", async () => ({
    text: `HEAD${"x".repeat(50_000)}TAIL`,
    sources: [],
  }));
  const model = new ScriptedModel(asksFor(["search", {}]), says("OK"));
  const { executions } = await run(model, [long]);
  expect(executions[0]?.result).toMatch(/^HEAD[\s\S]*characters left out[\s\S]*TAIL$/);
  expect(executions[0]?.result.length).toBeLessThanOrEqual(12_000);
  expect(model.toolResults[0]).toContain(executions[0]?.result);
});
