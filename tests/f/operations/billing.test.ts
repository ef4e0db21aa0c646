import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recountUsage } from "../../../f/operations/recount_usage.ts";
import { resetBillingPeriods } from "../../../f/operations/reset_billing_period.ts";
import { settleReservations } from "../../../f/operations/settle_reservations.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import type { UsageSummaryRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "../chat/shop.ts";

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

function alertsOf(shop: Shop) {
  return db.query<{ kind: string }>("select kind from system_alerts where organization_id = $1", [
    shop.organization.id,
  ]);
}

describe("a used-up quota", () => {
  it("is told to each contact once though the chatbot is switched off, and nothing is lost", async () => {
    const shop = await openShop(db, { organization: { message_limit: 1 } });
    await shop.answer(await shop.contactWrites("First"));
    const [chatbot] = await db.query("select * from chatbots where id = $1", [shop.chatbot.id]);
    expect(chatbot).toMatchObject({ is_active: false, disabled_by_quota: true });
    await shop.answer(await shop.contactWrites("Second"));
    expect(shop.sentTexts().at(-1)).toBe(shop.chatbot.limit_message);
    expect((await shop.load(await shop.contactWrites("Third"))).outcome).toBe("quota_exceeded");
    await db.query("update organizations set message_limit = 2 where id = $1", [
      shop.organization.id,
    ]);
    const context = await shop.claim(await shop.contactWrites("Fourth"));
    expect(context.history.at(-1)?.body).toBe("Third");
  });
});

describe("reset_billing_period", () => {
  it("opens what has begun of every organization, once", async () => {
    const shops = [await openShop(db), await openShop(db)];
    const reset = async () => {
      const { opened } = (await shops[0]?.as(resetBillingPeriods)) ?? { opened: [] };
      const ours = shops.map(({ organization }) => organization.id);
      return opened.filter(({ organization_id }) => ours.includes(organization_id)).length;
    };
    expect(await reset()).toBe(2);
    expect(await reset()).toBe(0);
  });
});

describe("recount_usage", () => {
  const recount = (shop: Shop) =>
    shop.as((database) =>
      recountUsage(
        database,
        async (text, attachment) => void shop.slackTexts.push(text + JSON.stringify(attachment)),
        new Date(),
      ),
    );

  it("changes nothing that is right, in the middle of a turn, too", async () => {
    const shop = await openShop(db);
    await shop.answer(await shop.contactWrites("First"));
    await shop.claim(await shop.contactWrites("Second"));
    const before = await usageOf(shop);
    expect((await recount(shop)).corrected).toEqual([]);
    expect(await usageOf(shop)).toEqual(before);
  });

  it("corrects what differs from the ledger, and alerts", async () => {
    const shop = await openShop(db);
    await shop.answer(await shop.contactWrites("First"));
    await shop.claim(await shop.contactWrites("Second"));
    const before = await usageOf(shop);
    await db.query(
      `update usage_summary set messages_used = 7, tokens_used = 0, cost_usd = 3, tokens_reserved = 1
       where organization_id = $1`,
      [shop.organization.id],
    );
    const { corrected } = await recount(shop);
    expect(corrected).toMatchObject([
      { organization_id: shop.organization.id, counted: { messages_used: 7, tokens_used: 0 } },
    ]);
    expect({ ...(await usageOf(shop)), updated_at: null }).toEqual({ ...before, updated_at: null });
    expect(await alertsOf(shop)).toEqual([{ kind: "usage_miscounted" }]);
    expect(shop.slackTexts).toHaveLength(1);
    expect(shop.slackTexts[0]).toContain('"title":"messages_used","value":"7 → 1"');
  });
});

describe("settle_reservations", () => {
  const settle = async (shop: Shop) => {
    const started: string[] = [];
    await shop.as((database) =>
      settleReservations(database, {
        startLogging: async ({ turn_id }) => String(started.push(turn_id)),
        postToSlack: undefined,
      }),
    );
    return started;
  };
  const finished = (shop: Shop, interval: string) =>
    db.query(
      "update turns set status = 'completed', finished_at = now() - $2::interval where chatbot_id = $1",
      [shop.chatbot.id, interval],
    );

  it("lets log_usage settle a turn that a model answered", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("Hello"));
    await shop.generate(context);
    await finished(shop, "10 minutes");
    expect(await settle(shop)).toEqual([]); // its own log_usage may still come
    await finished(shop, "20 minutes");
    expect(await settle(shop)).toEqual([context.turn_id]);
    await shop.log(context);
    expect(await usageOf(shop)).toMatchObject({ messages_used: 1, tokens_reserved: 0 });
    expect(await settle(shop)).toEqual([]);
  });

  it("releases it with an alert when that fails for a day", async () => {
    const shop = await openShop(db);
    await shop.generate(await shop.claim(await shop.contactWrites("Hello")));
    await finished(shop, "25 hours");
    expect(await settle(shop)).toEqual([]);
    expect(await usageOf(shop)).toMatchObject({ messages_reserved: 0, tokens_reserved: 0 });
    expect(await alertsOf(shop)).toEqual([{ kind: "usage_not_logged" }]);
  });

  it("releases what used nothing, and leaves a live turn its reservation", async () => {
    const shop = await openShop(db);
    await shop.claim(await shop.contactWrites("Hello"));
    await settle(shop);
    expect(await usageOf(shop)).toMatchObject({ messages_reserved: 1 });
    await finished(shop, "20 minutes");
    await settle(shop);
    expect(await usageOf(shop)).toMatchObject({ messages_reserved: 0, tokens_reserved: 0 });
    expect(await alertsOf(shop)).toEqual([]);
  });
});
