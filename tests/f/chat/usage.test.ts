import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ModelAnswer } from "../../../f/platform/models.ts";
import { many, withTenant } from "../../../f/platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
afterEach(() => vi.useRealTimers());

const tokens = { inputTokens: 1_000, cachedInputTokens: 0, outputTokens: 100 };
const says = (model: string): ModelAnswer => ({ model, kind: "text", text: "Hi", usage: tokens });

/** A turn in which the first model called a tool and the second, after an outage, answered. */
function twoModels(first: string, second: string): ModelAnswer[] {
  const calls = [{ id: "call_1", name: "search", argumentsJson: "{}" }];
  const message = { role: "assistant", text: "", calls } as const;
  return [
    { model: first, kind: "tool_calls", calls, message, usage: tokens },
    { ...says(second), usage: { ...tokens, inputTokens: 2_000 } },
  ];
}

async function answer(shop: Shop, sender: string, ...answers: ModelAnswer[]) {
  shop.model.answers = answers;
  const event = await shop.contactWrites("Hello", { sender_phone: sender, sender_bsuid: null });
  return shop.answer(event);
}

const tool = {
  definition: { name: "search", description: "", parameters: { type: "object" } },
  run: async () => ({ text: "nothing", sources: [] }),
};

describe("the ledger", () => {
  it("has a row for each model of a turn, with the price it was billed at", async () => {
    const shop = await openShop(db);
    shop.makers.toolsFor = async () => [tool];
    const context = await answer(shop, "15550100001", ...twoModels("gpt-6-luna", "at_home:llama"));
    const rows = await db.query("select * from usage_logs where turn_id = $1 order by id", [
      context.turn_id,
    ]);
    expect(rows).toMatchObject([
      {
        model: "gpt-6-luna",
        model_calls: 1,
        tool_calls: 1,
        input_tokens: 1_000,
        cost_usd: "0.00015000",
      },
      {
        model: "at_home:llama",
        model_calls: 1,
        tool_calls: 0,
        input_tokens: 2_000,
        input_price_usd: null,
        cost_usd: "0.00000000",
      },
    ]);
    expect(await shop.turn(context)).toMatchObject({ status: "completed" });
  });
});

describe("usage_totals", () => {
  const totals = (shop: Shop) =>
    shop.as((database) =>
      withTenant(database, shop.organization.id, (tenant) =>
        many<{ scope: string }>(tenant, "select * from usage_totals() order by scope, turns"),
      ),
    );

  it("keeps what a turn cost on its day when the model's price is another one afterwards", async () => {
    const shop = await openShop(db);
    for (const today of ["2026-12-31", "2027-01-01"]) {
      shop.model.answers = [says("gemini-3.8-flash")];
      const sender = { sender_phone: "15550100005", sender_bsuid: null };
      const context = await shop.claim(await shop.contactWrites("Hello", sender));
      await shop.generate(context);
      await shop.send(context);
      await shop.save(context);
      // the day of the price table; the database has its own clock
      vi.useFakeTimers({ toFake: ["Date"], now: new Date(`${today}T12:00:00Z`) });
      await shop.log(context);
      vi.useRealTimers();
      await shop.finish(context);
    }
    const rows = await db.query(
      `select input_price_usd::float as price, cost_usd::float as cost from usage_logs
       where organization_id = $1 order by id`,
      [shop.organization.id],
    );
    expect(rows).toEqual([
      { price: 0.75, cost: 0.001125 },
      { price: 1.5, cost: 0.00225 },
    ]);
    for (const total of await totals(shop)) {
      expect(total).toMatchObject({ turns: 2, cost_usd: "0.00337500" });
    }
  });

  it("adds up contacts, chatbots and the organization, for its own tenant only", async () => {
    const [mine, theirs] = [await openShop(db), await openShop(db)];
    mine.makers.toolsFor = async () => [tool];
    await answer(mine, "15550100002", says("gpt-6-luna"));
    await answer(mine, "15550100003", ...twoModels("gpt-6-luna", "gpt-6-luna"));
    await answer(mine, "15550100003", ...twoModels("gpt-6-luna", "at_home:llama"));
    await answer(theirs, "15550100002", says("gpt-6-luna"));
    const all = { turns: 3, input_tokens: 7_000, cost_usd: "0.00070000", is_priced: false };
    expect(await totals(mine)).toMatchObject([
      { scope: "chatbot", chatbot_id: mine.chatbot.id, contact_id: null, ...all },
      { scope: "contact", turns: 1, cost_usd: "0.00015000", is_priced: true },
      { scope: "contact", turns: 2, cost_usd: "0.00055000", is_priced: false },
      { scope: "organization", organization_id: mine.organization.id, chatbot_id: null, ...all },
    ]);
    expect(await totals(theirs)).toHaveLength(3);
  });
});

describe("a chatbot's settings", () => {
  it("come with the context: its fallback models, and as much history as its tokens allow", async () => {
    const shop = await openShop(db, {
      chatbot: { fallback_models: ["google:gemini-3.8-flash"], history_tokens: 30 },
    });
    const sender = "15550100004";
    for (let turn = 0; turn < 4; turn++) await answer(shop, sender, says("gpt-6-luna"));
    const event = await shop.contactWrites("And now?", {
      sender_phone: sender,
      sender_bsuid: null,
    });
    const context = await shop.claim(event);
    expect(context.chatbot.fallback_models).toEqual(["google:gemini-3.8-flash"]);
    // "Hello" and "Hi" with what stands around them: 6 and 5 tokens
    expect(context.history.map(({ body }) => body)).toEqual(["Hi", "Hello", "Hi", "Hello", "Hi"]);
  });
});
