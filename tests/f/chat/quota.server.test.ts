import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TURN_COST_USD, TURN_TOKENS } from "../../../f/chat/agent/stop_rules.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertUsageSummary } from "../../helpers/records.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

const MESSAGES = 200;
const TIMES = 10;
/** Connections: fewer than the 100 of a server as it comes. */
const AT_ONCE = 40;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** Of so many contacts, all at once. */
async function writeAndLoad(shop: Shop): Promise<void> {
  const events: number[] = [];
  for (let at = 0; at < MESSAGES; at++) {
    const sender = { sender_bsuid: `DE.${at}`, sender_phone: null };
    events.push(await shop.contactWrites("Hello", sender));
  }
  const load = async () => {
    for (let event = events.pop(); event; event = events.pop()) await shop.load(event);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, load));
}

describe("200 messages at one below the limit", () => {
  const limits = [
    { message_limit: 1_000 },
    { token_limit: 1_000_000 },
    { cost_limit_usd: 10 },
  ] as const;
  const used = {
    messages_used: 999,
    tokens_used: 1_000_000 - TURN_TOKENS,
    cost_usd: 10 - TURN_COST_USD,
  };
  const period_start = new Date().toISOString().slice(0, 8).concat("01");

  it.each(Array.from({ length: TIMES }, (_, at) => [at + 1, limits[at % limits.length]]))(
    "let exactly one through: time %i, %j",
    async (_, limit) => {
      const shop = await openShop(db, { organization: { ...limit } });
      await insertUsageSummary(db, {
        organization_id: shop.organization.id,
        period_start,
        ...used,
      });
      await writeAndLoad(shop);
      const turns = await db.query(
        `select count(*) filter (where reply_kind is null)::int as answered,
           count(*) filter (where reply_kind = 'limit')::int as told
         from turns where chatbot_id = $1`,
        [shop.chatbot.id],
      );
      expect(turns).toEqual([{ answered: 1, told: MESSAGES - 1 }]);
    },
  );
});
