/**
 * What the agent adds to a turn: milliseconds per model call and per tool call with a model and tools that answer at
 * once, the memory of many turns at a time, and the prompt's tokens over a conversation of ten turns with the whole
 * history beside a short one with a summary, which costs model calls of its own. `--runs N` turns in each round.
 */

import { parseArgs } from "node:util";
import { promptOf } from "../f/chat/agent/prompt.ts";
import { AgentRun } from "../f/chat/agent/run_agent.ts";
import { summaryPrompt } from "../f/chat/agent/summary_prompt.ts";
import type { Tool } from "../f/chat/agent/types.ts";
import type { Said } from "../f/chat/context.ts";
import { newestWithin } from "../f/chat/history.ts";
import { estimateTokens } from "../f/platform/estimate_tokens.ts";
import type { ChatMessage, ChatModel, ModelAnswer } from "../f/platform/models.ts";
import { round } from "./measurement.ts";

const ROUNDS = 7;
const AT_ONCE = 50;
const TURNS = 10;
/** Less than the ten turns have, as a long conversation has more than the default of 4,000. */
const SHORT_HISTORY = 600;
/** As in unsummarised.ts: fewer messages are not worth a call. */
const WORTH_A_SUMMARY = 6;
const CALLS_AT_ONCE = 4;

export async function measure(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { runs: { type: "string", default: "500" } } });
  const runs = Number(values.runs);
  const plain: number[] = [];
  const withTools: number[] = [];
  let peak = 0;
  await timeOf(runs, 1); // compiled
  for (let number = 1; number <= ROUNDS; number++) {
    plain.push(await timeOf(runs, 0));
    withTools.push(await timeOf(runs, 1));
    peak = Math.max(peak, process.memoryUsage().rss);
    const [one, two] = [plain, withTools].map((times) => round((times.at(-1) ?? 0) / runs, 4));
    console.log(
      `round ${number}: ${one} ms a turn | ${two} ms a turn with ${CALLS_AT_ONCE} tool calls`,
    );
  }
  // the least of the rounds: whatever else the machine did only adds to them
  const perTurn = Math.min(...plain) / runs;
  const perTurnWithTools = Math.min(...withTools) / runs;
  return {
    ms_per_model_call: round(perTurn, 4),
    // a turn with tools has one model call more
    ms_per_tool_call: round((perTurnWithTools - 2 * perTurn) / CALLS_AT_ONCE, 4),
    peak_mb: round(peak / 2 ** 20, 1),
    ...tokensOfConversation(),
  };
}

/** Milliseconds of so many turns, of which so many at once, each with a round of four tool calls or with none. */
async function timeOf(runs: number, toolRounds: 0 | 1): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < runs; done += AT_ONCE) {
    const atOnce = Array.from({ length: Math.min(AT_ONCE, runs - done) }, () => turn(toolRounds));
    await Promise.all(atOnce);
  }
  return performance.now() - startedAt;
}

function turn(toolRounds: number) {
  const messages = promptOf({ ...SHOP, history: [], messages: [question(0)] }, turnData(""));
  const run = new AgentRun({
    model: instantModel(toolRounds),
    tools: [SEARCH],
    messages,
    fence: FENCE,
  });
  return run.answer();
}

const FENCE = "0123456789abcdef";
const usage = { inputTokens: 1_000, cachedInputTokens: 0, outputTokens: 50 };

function instantModel(toolRounds: number): ChatModel {
  let asked = 0;
  return {
    id: "offline-1",
    async answer(): Promise<ModelAnswer> {
      asked += 1;
      if (asked > toolRounds) return { model: this.id, kind: "text", text: "At nine.", usage };
      const calls = Array.from({ length: CALLS_AT_ONCE }, (_, at) => ({
        id: `call_${at}`,
        name: "search",
        argumentsJson: JSON.stringify({ question: `When do you open on day ${at}?` }),
      }));
      const message = { role: "assistant", text: "", calls } as const;
      return { model: this.id, kind: "tool_calls", calls, message, usage };
    },
  };
}

/** As long as five passages. */
const PASSAGES = "We open at nine and close at six, on Sundays at ten. ".repeat(95);

const SEARCH: Tool = {
  definition: { name: "search", description: "Searches.", parameters: { type: "object" } },
  run: async () => ({ text: PASSAGES, sources: [] }),
};

const SHOP = {
  chatbot: {
    id: "00000000-0000-4000-8000-000000000000",
    name: "Luigi's",
    system_prompt: "You answer for Luigi's bakery in Bonn, politely.",
    model: null,
    fallback_models: [],
  },
  contact: { id: "00000000-0000-4000-8000-000000000001", profile_name: "Grace" },
};

const turnData = (summary: string) => ({
  today: "2026-11-21, Saturday, 14:05",
  variables: {},
  summary,
  fence: FENCE,
  traceparent: null,
});

const said = (author: Said["author"], body: string): Said => ({ author, kind: "text", body });
const question = (turn: number) =>
  said(
    "contact",
    `Number ${turn}: do you deliver a cake for twelve people to the next town, and what does it cost?`,
  );
const answer = (turn: number) =>
  said(
    "chatbot",
    `About number ${turn}: we deliver within 20 km. ${"It costs 12 euros and comes by noon. ".repeat(12)}`,
  );
/** What the model is asked for at most: 150 words. */
const SUMMARY = "They asked about cakes and delivery. ".repeat(25);

const tokensOf = (messages: readonly ChatMessage[]) =>
  messages.reduce((total, { text }) => total + estimateTokens(text), 0);

/** Tokens a turn, as the mean over the conversation; those of making the summaries are in tokens_summarised too. */
function tokensOfConversation() {
  let full = 0;
  let short = 0;
  let summaries = 0;
  const history: Said[] = [];
  let covered = 0;
  for (let turn = 1; turn <= TURNS; turn++) {
    const now = { ...SHOP, messages: [question(turn)] };
    const wholePrompt = tokensOf(promptOf({ ...now, history }, turnData("")));
    const recent = newestWithin(history, SHORT_HISTORY);
    const summary = covered > 0 ? SUMMARY : "";
    const shortPrompt = tokensOf(promptOf({ ...now, history: recent }, turnData(summary)));
    full += wholePrompt;
    short += shortPrompt;
    history.push(question(turn), answer(turn));
    const old = history.slice(
      covered,
      history.length - newestWithin(history, SHORT_HISTORY).length,
    );
    if (old.length >= WORTH_A_SUMMARY) {
      summaries += tokensOf(summaryPrompt(summary, old, FENCE)) + estimateTokens(SUMMARY);
      covered += old.length;
    }
    console.log(
      `turn ${turn}: ${wholePrompt} tokens with the whole history | ${shortPrompt} with a summary`,
    );
  }
  return {
    tokens_full_history: Math.round(full / TURNS),
    tokens_summarised: Math.round((short + summaries) / TURNS),
    tokens_of_summaries: Math.round(summaries / TURNS),
  };
}
