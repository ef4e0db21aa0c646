import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TURN_COST_USD, TURN_TOKENS } from "../../f/chat/agent/stop_rules.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbot, insertOrganization, insertUsageSummary } from "../helpers/records.ts";
import type { ChatbotRow, OrganizationRow, UsageSummaryRow } from "../helpers/rows.ts";
import { asRole } from "./as_role.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function only<Row>(rows: Promise<Row[]>): Promise<Row> {
  const [row] = await rows;
  if (!row) throw new Error("there is no row");
  return row;
}

async function openOrganization(
  overrides: Partial<OrganizationRow>,
  used: Partial<UsageSummaryRow> = {},
): Promise<{ id: string; chatbot: string; period: string }> {
  const { id, timezone } = await insertOrganization(db, overrides);
  const chatbot = await insertChatbot(db, { organization_id: id });
  const { period } = await only(
    db.query<{ period: string }>("select billing_period($1) as period", [timezone]),
  );
  await insertUsageSummary(db, { organization_id: id, period_start: period, ...used });
  return { id, chatbot: chatbot.id, period };
}

function use(organization: string, set: string) {
  return db.query(`update usage_summary set ${set} where organization_id = $1`, [organization]);
}

function chatbot(id: string): Promise<ChatbotRow> {
  return only(db.query<ChatbotRow>("select * from chatbots where id = $1", [id]));
}

function alertsOf(organization: string) {
  return db.query<{ kind: string; severity: string }>(
    "select kind, severity from system_alerts where organization_id = $1 order by id",
    [organization],
  );
}

const NEARLY = { kind: "quota_nearly_used", severity: "warning" };
const USED = { kind: "quota_used", severity: "error" };

it("a turn reserves in SQL what its rules allow it", async () => {
  expect(await db.query("select turn_tokens() as tokens, turn_cost_usd()::float as cost")).toEqual([
    { tokens: TURN_TOKENS, cost: TURN_COST_USD },
  ]);
});

it("a billing period begins at the organization's midnight", async () => {
  const begins = (timezone: string) =>
    only(
      db.query<{ period: string }>("select billing_period($1, '2026-12-01T05:00Z') as period", [
        timezone,
      ]),
    );
  expect(await begins("Pacific/Kiritimati")).toEqual({ period: "2026-12-01" });
  expect(await begins("America/Los_Angeles")).toEqual({ period: "2026-11-01" });
});

it("a billing period follows the clocks that are changed twice a year", async () => {
  const begins = (moment: string) =>
    only(db.query("select billing_period('America/New_York', $1) as period", [moment]));
  expect(await begins("2026-07-01T04:30Z")).toEqual({ period: "2026-07-01" });
  expect(await begins("2026-12-01T04:30Z")).toEqual({ period: "2026-11-01" });
});

describe("usage", () => {
  it.each([
    ["messages", { message_limit: 10 }, "messages_used = 8", "messages_used = 10"],
    ["tokens", { token_limit: 1_000_000 }, "tokens_used = 800000", "tokens_used = 940001"],
    ["money", { cost_limit_usd: 10 }, "cost_usd = 8", "cost_usd = 9.91"],
  ])(
    "of %s alerts at 80 %% and at the end, and switches the chatbots off",
    async (_, limit, most, all) => {
      const { id, chatbot: bot } = await openOrganization(limit);
      await use(id, "messages_used = 1");
      expect(await alertsOf(id)).toEqual([]);
      await use(id, most);
      await use(id, most);
      expect(await alertsOf(id)).toEqual([NEARLY]);
      expect(await chatbot(bot)).toMatchObject({ is_active: true, disabled_by_quota: false });
      await use(id, all);
      await use(id, all);
      expect(await alertsOf(id)).toEqual([NEARLY, USED]);
      expect(await chatbot(bot)).toMatchObject({ is_active: false, disabled_by_quota: true });
    },
  );

  it("alerts again in the next period", async () => {
    const { id, period } = await openOrganization({ message_limit: 10 });
    await use(id, "messages_used = 8");
    await use(id, "messages_used = 10");
    // as if a month had passed
    await use(id, "period_start = '2026-01-01'");
    await db.query(
      "update system_alerts set alert_key = replace(alert_key, $2, '2026-01-01') where organization_id = $1",
      [id, period],
    );
    await insertUsageSummary(db, { organization_id: id, period_start: period });
    await db.query(
      "update usage_summary set messages_used = 10 where organization_id = $1 and period_start = $2",
      [id, period],
    );
    expect(await alertsOf(id)).toEqual([NEARLY, USED, NEARLY, USED]);
  });

  it("of an organization without limits switches nothing off", async () => {
    const { id, chatbot: bot } = await openOrganization({});
    await use(id, "messages_used = 1000000, tokens_used = 1000000000, cost_usd = 100000");
    expect(await chatbot(bot)).toMatchObject({ is_active: true });
    expect(await alertsOf(id)).toEqual([]);
  });

  it("of an earlier period switches nothing off", async () => {
    const { id, chatbot: bot } = await openOrganization({ message_limit: 10 });
    await insertUsageSummary(db, {
      organization_id: id,
      period_start: "2026-01-01",
      messages_used: 10,
    });
    expect(await chatbot(bot)).toMatchObject({ is_active: true });
  });
});

describe("a chatbot that a quota has switched off", () => {
  it("is switched on by a higher limit, and one that a person switched off is not", async () => {
    const { id, chatbot: bot } = await openOrganization({ message_limit: 10 });
    const off = await insertChatbot(db, { organization_id: id, is_active: false });
    await use(id, "messages_used = 10");
    await db.query("update organizations set message_limit = 20 where id = $1", [id]);
    expect(await chatbot(bot)).toMatchObject({ is_active: true, disabled_by_quota: false });
    expect(await chatbot(off.id)).toMatchObject({ is_active: false, disabled_by_quota: false });
  });

  it("is switched on when the next period is opened, once", async () => {
    const { id, chatbot: bot, period } = await openOrganization({ message_limit: 10 });
    await use(id, "messages_used = 10");
    expect((await chatbot(bot)).is_active).toBe(false);
    // the period that is over
    await use(id, `period_start = '${period}'::date - interval '1 month'`);
    const reset = () =>
      db.query(
        `select organization_id, period_start::text from reset_billing_period() where organization_id = $1`,
        [id],
      );
    expect(await reset()).toEqual([{ organization_id: id, period_start: period }]);
    expect(await reset()).toEqual([]);
    expect((await chatbot(bot)).is_active).toBe(true);
  });
});

describe("get_current_usage", () => {
  it("answers what was used of which limits, to the organization itself only", async () => {
    const { id, period } = await openOrganization(
      { message_limit: 10, token_limit: 1_000_000 },
      { messages_used: 3, messages_reserved: 1, tokens_used: 500_000, cost_usd: 1.5 },
    );
    const asked = (tenant: string) =>
      asRole(db, "chatbot_app", tenant, (connection) =>
        connection.query(
          `select period_start::text, messages_used, messages_reserved, message_limit, tokens_used::int,
             cost_usd::float, cost_limit_usd, share_used::float, is_exhausted
           from get_current_usage($1)`,
          [id],
        ),
      );
    expect(await asked(id)).toEqual([
      {
        period_start: period,
        messages_used: 3,
        messages_reserved: 1,
        message_limit: 10,
        tokens_used: 500_000,
        cost_usd: 1.5,
        cost_limit_usd: null,
        share_used: 0.5,
        is_exhausted: false,
      },
    ]);
    expect(await asked((await insertOrganization(db)).id)).toEqual([]);
  });

  it("answers zeros before the first message of a period", async () => {
    const { id } = await insertOrganization(db, { message_limit: 0 });
    const usage = await db.query("select * from get_current_usage($1)", [id]);
    expect(usage).toMatchObject([{ messages_used: 0, tokens_used: 0, is_exhausted: true }]);
  });
});
