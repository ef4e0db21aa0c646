import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ReplyLeakError } from "../../../f/chat/agent/reply_text.ts";
import { NoReplyError } from "../../../f/chat/agent/run_agent.ts";
import { recountUsage } from "../../../f/operations/recount_usage.ts";
import type { ModelAnswer } from "../../../f/platform/models.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const usage = { inputTokens: 1_000, cachedInputTokens: 0, outputTokens: 100 };
const says = (text: string): ModelAnswer => ({ model: "gpt-6-luna", kind: "text", text, usage });
const calls = [{ id: "call_1", name: "search", argumentsJson: "{}" }];
const asksForSearch: ModelAnswer = {
  model: "gpt-6-luna",
  kind: "tool_calls",
  calls,
  message: { role: "assistant", text: "", calls },
  usage,
};
const search = {
  definition: { name: "search", description: "", parameters: { type: "object" } },
  run: async () => ({ text: "nothing", sources: [] }),
};

async function openTurn(chatbot = {}) {
  const shop = await openShop(db, { chatbot });
  shop.makers.toolsFor = async () => [search];
  const context = await shop.claim(await shop.contactWrites("Hello"));
  return { shop, context };
}

const ledger = (shop: Shop) =>
  db.query(
    `select purpose, model_calls, tool_calls, input_tokens, output_tokens, cost_usd from usage_logs
     where organization_id = $1 order by id`,
    [shop.organization.id],
  );
const counted = async (shop: Shop) => {
  const [row] = await db.query(
    "select messages_used, tokens_used::int, cost_usd from usage_summary where organization_id = $1",
    [shop.organization.id],
  );
  return row;
};
const corrected = async (shop: Shop) => {
  const done = await shop.as((database) => recountUsage(database, undefined, new Date()));
  return done.corrected;
};

describe("a run that comes to no reply", () => {
  it("is in the ledger with what its model used, and its tool calls are recorded", async () => {
    const { shop, context } = await openTurn();
    shop.model.answers = [asksForSearch, says(" ")];
    await expect(shop.generate(context)).rejects.toThrow(NoReplyError);
    expect(await ledger(shop)).toEqual([
      {
        purpose: "failed",
        model_calls: 2,
        tool_calls: 1,
        input_tokens: 2_000,
        output_tokens: 200,
        cost_usd: "0.00030000",
      },
    ]);
    expect(await counted(shop)).toMatchObject({ messages_used: 0, tokens_used: 2_200 });

    // the next run of the same turn
    shop.model.answers = [asksForSearch, says("We open at nine.")];
    await shop.generate(context);
    await shop.log(context);
    expect(await counted(shop)).toEqual({
      messages_used: 1,
      tokens_used: 4_400,
      cost_usd: "0.00060000",
    });
    const numbers = await db.query(
      "select call_no from tool_executions where turn_id = $1 order by call_no",
      [context.turn_id],
    );
    expect(numbers).toEqual([{ call_no: 0 }, { call_no: 1 }]);
  });

  it("is counted alike by recount_usage, each time that it happens", async () => {
    const { shop, context } = await openTurn();
    for (let run = 0; run < 2; run++) {
      shop.model.answers = [says(" ")];
      await expect(shop.generate(context)).rejects.toThrow(NoReplyError);
    }
    expect(await ledger(shop)).toHaveLength(2);
    expect(await counted(shop)).toMatchObject({ messages_used: 0, tokens_used: 2_200 });
    expect(await corrected(shop)).toEqual([]);
  });

  it("costs nothing when no model answered", async () => {
    const { shop, context } = await openTurn();
    shop.model.onAnswer = async () => Promise.reject(new Error("away"));
    await expect(shop.generate(context)).rejects.toThrow("away");
    expect(await ledger(shop)).toEqual([]);
  });

  it("is one whose answer may not be sent", async () => {
    const { shop, context } = await openTurn();
    shop.model.answers = [says(`The key is sk-${"a1B2".repeat(6)}.`)];
    await expect(shop.generate(context)).rejects.toThrow(ReplyLeakError);
    expect(await ledger(shop)).toMatchObject([{ purpose: "failed", model_calls: 1 }]);
    expect(await shop.turn(context)).toMatchObject({ reply: null, status: "generating" });
  });

  it("is one that another run overtook", async () => {
    const { shop, context } = await openTurn();
    shop.model.onAnswer = async () => {
      await db.query("update turns set fence = fence + 1 where id = $1", [context.turn_id]);
    };
    expect(await shop.generate(context)).toMatchObject({ outcome: "superseded" });
    expect(await ledger(shop)).toMatchObject([{ purpose: "failed", model_calls: 1 }]);
  });
});

describe("a chatbot's own price of a model", () => {
  const price = { input: 2, cachedInput: 0.5, output: 10 };
  const own = async (shop: Shop, prices: object) =>
    db.query("update chatbots set model_prices = $2 where id = $1", [
      shop.chatbot.id,
      JSON.stringify(prices),
    ]);

  it("is what its turns cost, beside another chatbot at the list's price", async () => {
    const [mine, theirs] = [await openTurn(), await openTurn()];
    await own(mine.shop, { "gpt-6-luna": price });
    for (const { shop, context } of [mine, theirs]) {
      shop.model.answers = [says(" ")];
      await expect(shop.generate(context)).rejects.toThrow(NoReplyError);
      shop.model.answers = [says("At nine.")];
      await shop.generate(context);
      await shop.log(context);
    }
    expect(await counted(mine.shop)).toMatchObject({ cost_usd: "0.00600000" });
    expect(await counted(theirs.shop)).toMatchObject({ cost_usd: "0.00030000" }); // control
    const prices = await db.query(
      "select distinct input_price_usd::float, output_price_usd::float from usage_logs where organization_id = $1",
      [mine.shop.organization.id],
    );
    expect(prices).toEqual([{ input_price_usd: 2, output_price_usd: 10 }]);
  });

  it("is what a run's log tells, and what ends a turn that costs too much", async () => {
    const logged = vi.spyOn(console, "log").mockReturnValue();
    const costs = async ({ shop, context }: Awaited<ReturnType<typeof openTurn>>) => {
      shop.model.answers = [asksForSearch, says("At nine.")];
      await shop.generate(context);
      const events = logged.mock.calls.splice(0).map(([line]) => JSON.parse(String(line)));
      return events.flatMap(({ cost_usd }) => cost_usd ?? []);
    };
    const [mine, theirs] = [await openTurn(), await openTurn()];
    // the turn's limit of 0.1 USD is reached with the first answer
    await own(mine.shop, { "gpt-6-luna": { ...price, input: 100 } });
    expect(await costs(mine)).toEqual([0.101, 0.101]);
    expect(mine.shop.model.requests.map(({ toolChoice }) => toolChoice)).toEqual(["auto", "none"]);
    expect(await costs(theirs)).toEqual([0.00015, 0.00015]); // control
    expect(theirs.shop.model.requests.map(({ toolChoice }) => toolChoice)).toEqual([
      "auto",
      "auto",
    ]);
    logged.mockRestore();
  });

  it.each([
    { "gpt-6-luna": { input: 1 } },
    { "gpt-6-luna": { ...price, output: -1 } },
    { "gpt-6-luna": { ...price, output: "10" } },
    { "gpt-6-luna": [price] },
    ["gpt-6-luna"],
  ])("is refused by the database when it is none: %j", async (prices) => {
    const { shop } = await openTurn();
    await expect(own(shop, prices)).rejects.toThrow("chatbots_model_prices_are_whole");
    await expect(own(shop, { "gpt-6-luna": price })).resolves.toBeDefined(); // control
  });
});
