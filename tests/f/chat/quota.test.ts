import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TURN_COST_USD, TURN_TOKENS } from "../../../f/chat/agent/stop_rules.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertUsageSummary } from "../../helpers/records.ts";
import type { OrganizationRow, UsageSummaryRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function usageOf(shop: Shop): Promise<UsageSummaryRow | undefined> {
  const [usage] = await db.query<UsageSummaryRow>(
    "select * from usage_summary where organization_id = $1",
    [shop.organization.id],
  );
  return usage;
}

/** In the current period, before the first message. */
async function openUsedShop(
  organization: Partial<OrganizationRow>,
  used: Partial<UsageSummaryRow>,
): Promise<Shop> {
  const shop = await openShop(db, { organization });
  const period_start = new Date().toISOString().slice(0, 8).concat("01");
  await insertUsageSummary(db, { organization_id: shop.organization.id, period_start, ...used });
  return shop;
}

/** Two contacts write at once; which outcomes they have, and how many asked a model. */
async function askTwice(shop: Shop): Promise<(string | null)[]> {
  for (const sender_bsuid of ["DE.1", "DE.2"]) {
    await shop.claim(await shop.contactWrites("Hello", { sender_bsuid, sender_phone: null }));
  }
  const turns = await db.query<{ reply_kind: string | null }>(
    "select reply_kind from turns where chatbot_id = $1 order by created_at",
    [shop.chatbot.id],
  );
  return turns.map(({ reply_kind }) => reply_kind);
}

describe("the quota of tokens and of money", () => {
  it.each([
    ["tokens", { token_limit: 500_000 }, { tokens_used: 500_000 - TURN_TOKENS }],
    ["money", { cost_limit_usd: 5 }, { cost_usd: 5 - TURN_COST_USD }],
  ])("lets in as many turns as may spend all they are allowed: %s", async (_, limit, used) => {
    expect(await askTwice(await openUsedShop(limit, used))).toEqual([null, "limit"]);
    expect(await askTwice(await openUsedShop(limit, {}))).toEqual([null, null]); // control
  });

  it.each([
    ["tokens", { token_limit: 500_000 }, { tokens_used: 500_000 - TURN_TOKENS + 1 }],
    ["money", { cost_limit_usd: 5 }, { cost_usd: 5 - TURN_COST_USD + 0.000001 }],
    ["no tokens", { token_limit: 0 }, {}],
    ["no money", { cost_limit_usd: 0 }, {}],
  ])("lets in none when a turn might overspend: %s", async (_, limit, used) => {
    expect(await askTwice(await openUsedShop(limit, used))).toEqual(["limit", "limit"]);
  });

  it("lets in one turn at a time when the limit is smaller than what a turn may use", async () => {
    expect(await askTwice(await openUsedShop({ token_limit: 100 }, {}))).toEqual([null, "limit"]);
  });
});

describe("a reservation", () => {
  it("is replaced by what the turn used", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("Hello"));
    expect(await usageOf(shop)).toMatchObject({
      messages_reserved: 1,
      tokens_reserved: TURN_TOKENS,
      cost_reserved_usd: TURN_COST_USD.toFixed(8),
      tokens_used: 0,
    });
    await shop.generate(context);
    await shop.log(context);
    await shop.log(context);
    // 60 of 100 tokens at 0.1, 40 cached ones at 0.01 and 20 written ones at 0.5 USD a million
    expect(await usageOf(shop)).toMatchObject({
      messages_reserved: 0,
      messages_used: 1,
      tokens_reserved: 0,
      tokens_used: 120,
      cost_reserved_usd: "0.00000000",
      cost_usd: "0.00001640",
    });
  });

  it("is released when the turn fails, once", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("Hello"));
    await shop.finish(context);
    await shop.finish(context);
    const nothing = { messages_reserved: 0, tokens_reserved: 0, cost_reserved_usd: "0.00000000" };
    expect(await usageOf(shop)).toMatchObject({ ...nothing, messages_used: 0, tokens_used: 0 });
  });
});
