import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedContext } from "../../../f/chat/context.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertBlockedSender } from "../../helpers/records.ts";
import type { ContactRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** What becomes of one message: answered, or why not. */
async function outcomeOf(shop: Shop, body: string): Promise<LoadedContext["outcome"]> {
  const context = await shop.load(await shop.contactWrites(body));
  if (context.outcome !== "reply") return context.outcome;
  await shop.generate(context);
  await shop.send(context);
  await shop.log(context);
  await shop.finish(context);
  return "reply";
}

async function outcomesOf(shop: Shop, bodies: readonly string[]) {
  const outcomes: string[] = [];
  for (const body of bodies) outcomes.push(await outcomeOf(shop, body));
  return outcomes;
}

async function contactOf(shop: Shop): Promise<ContactRow> {
  const [contact] = await db.query<ContactRow>("select * from contacts where chatbot_id = $1", [
    shop.chatbot.id,
  ]);
  if (!contact) throw new Error("nobody has written yet");
  return contact;
}

async function keptMessages(shop: Shop): Promise<number> {
  const kept = await db.query("select from messages where chatbot_id = $1 and author = 'contact'", [
    shop.chatbot.id,
  ]);
  return kept.length;
}

/** The clock goes on, by moving everything back. */
async function letPass(shop: Shop, interval: string) {
  const values = [shop.chatbot.id, interval];
  await db.query(
    "update contacts set silenced_until = silenced_until - $2::interval where chatbot_id = $1",
    values,
  );
  await db.query(
    "update turns set created_at = created_at - $2::interval where chatbot_id = $1",
    values,
  );
  await db.query(
    "update messages set sent_at = sent_at - $2::interval where chatbot_id = $1",
    values,
  );
}

const QUESTIONS = [
  "Hi there!",
  "Do you sell bikes for kids?",
  "My daughter is six",
  "How much is the red one?",
  "And the blue one?",
  "How much is the green one?",
  "Is it in stock?",
  "ok",
  "Do you deliver?",
  "To Berlin?",
  "ok",
  "What does delivery cost?",
  "Can I pay by card?",
  "Or by invoice?",
  "Do you have helmets?",
  "Which sizes?",
  "How much are they?",
  "Great",
  "When do you open tomorrow?",
  "Thanks a lot, see you tomorrow!",
];

describe("a quick person", () => {
  it("has 20 answers to 20 different messages", async () => {
    const shop = await openShop(db);
    expect(await outcomesOf(shop, QUESTIONS)).toEqual(QUESTIONS.map(() => "reply"));
    expect(shop.model.calls).toBe(20);
  });

  it("who asks the same again is answered three times, and again after something else", async () => {
    const shop = await openShop(db);
    const same = "When do you open on Sunday?";
    const asked = [same, same, same, same];
    expect(await outcomesOf(shop, asked)).toEqual(["reply", "reply", "reply", "silenced"]);
    const other = await openShop(db);
    const broken = [same, same, same, "Hello? Do you read this?", same, same];
    expect(await outcomesOf(other, broken)).toEqual(broken.map(() => "reply"));
  });
});

describe("two chatbots that are wired to each other", () => {
  it.each([
    ["six turns when they say the same each time", 6, () => "How can I help you today?"],
    [
      "six turns when they say something else each time",
      6,
      (turn: number) =>
        `Answer ${turn}: ${Array.from({ length: 30 }, (_, at) => `word${turn * 30 + at}`).join(" ")}`,
    ],
    [
      "six turns each when every sentence is new and no longer than a person's",
      12,
      (turn: number) => `Number ${turn} is a blue one, and would you like to see it?`,
    ],
  ])("stop within %s", async (_, turns, say) => {
    const [one, other] = [await openShop(db), await openShop(db)];
    let said = 0;
    const wire = (from: Shop, to: Shop) => {
      from.model.onAnswer = async () => {
        const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 10 };
        from.model.answers = [{ model: from.model.id, kind: "text", text: say(++said), usage }];
      };
      from.whatsApp.onSend = async ({ body }) => void inbox.push([to, body]);
    };
    const inbox: [Shop, string][] = [[one, "Hello, who is there?"]];
    wire(one, other);
    wire(other, one);
    let delivered = 0;
    for (let next = inbox.shift(); next && delivered < 50; next = inbox.shift()) {
      delivered += 1;
      await outcomeOf(...next);
    }
    expect(inbox).toEqual([]);
    expect(one.model.calls + other.model.calls).toBeLessThanOrEqual(turns);
    const alerts = await db.query(
      "select kind from system_alerts where organization_id = any($1::uuid[])",
      [[one.organization.id, other.organization.id]],
    );
    expect(alerts).toEqual([{ kind: "loop_stopped" }]);
    expect([...one.slackTexts, ...other.slackTexts]).toHaveLength(1);
  });
});

describe("a contact who writes too much", () => {
  const limits = { chatbot: { turns_per_minute: 3 } };

  it("is told so once, is silenced, and answered when the silence is over", async () => {
    const shop = await openShop(db, limits);
    const outcomes = await outcomesOf(shop, QUESTIONS.slice(0, 8));
    expect(outcomes).toEqual([...Array(4).fill("reply"), ...Array(4).fill("silenced")]);
    expect(shop.model.calls).toBe(3);
    expect(shop.sentTexts().slice(3)).toEqual([shop.chatbot.slow_down_message]);
    await letPass(shop, "61 seconds");
    const context = await shop.claim(await shop.contactWrites("Sorry!"));
    expect(context.history.map(({ body }) => body)).toContain(QUESTIONS[7]);
  });

  it("is silenced twice as long the next time", async () => {
    const shop = await openShop(db, limits);
    const silence = async () => {
      await outcomesOf(shop, QUESTIONS.slice(0, 4));
      const { silenced_until, penalties } = await contactOf(shop);
      const [{ seconds } = { seconds: 0 }] = await db.query<{ seconds: number }>(
        "select extract(epoch from $1::timestamptz - max(created_at))::int as seconds from turns where chatbot_id = $2",
        [silenced_until, shop.chatbot.id],
      );
      // whole minutes: the turn's transaction began a moment before it was judged
      return [penalties, Math.floor(seconds / 60)];
    };
    expect(await silence()).toEqual([1, 1]);
    await letPass(shop, "61 seconds");
    expect(await silence()).toEqual([2, 2]);
  });

  it("costs no message of the quota while silenced", async () => {
    const shop = await openShop(db, limits);
    await outcomesOf(shop, QUESTIONS.slice(0, 8));
    const summary = await db.query("select * from usage_summary where organization_id = $1", [
      shop.organization.id,
    ]);
    expect(summary).toMatchObject([{ messages_used: 3, messages_reserved: 0 }]);
  });

  it("is silenced without a word when the chatbot has none", async () => {
    const shop = await openShop(db, { chatbot: { turns_per_minute: 3, slow_down_message: "" } });
    await outcomesOf(shop, QUESTIONS.slice(0, 5));
    expect(shop.sentTexts()).toHaveLength(3);
    expect(await keptMessages(shop)).toBe(5);
  });

  it("keeps no other contact waiting", async () => {
    const shop = await openShop(db, limits);
    await outcomesOf(shop, QUESTIONS.slice(0, 5));
    const event = await shop.contactWrites("Hello", {
      sender_bsuid: "DE.other",
      sender_phone: null,
    });
    expect(await shop.turn(await shop.claim(event))).toMatchObject({ reply_kind: null });
  });
});

describe("a flood", () => {
  it("of 500 messages of one contact costs the answers of an hour, and loses nothing", async () => {
    const shop = await openShop(db, { chatbot: { turns_per_minute: 5, turns_per_hour: 5 } });
    let wordsSent = 0;
    for (let at = 0; at < 100; at++) {
      const writes = Array.from({ length: 5 }, (_, no) => `${QUESTIONS[at % 20]} ${at} ${no}`);
      const events = await Promise.all(writes.map((body) => shop.contactWrites(body)));
      const context = await shop.load(events[0] ?? 0);
      if (context.outcome !== "reply") continue;
      await shop.generate(context);
      await shop.send(context);
      await shop.finish(context);
      wordsSent += 1;
    }
    expect(shop.model.calls).toBe(5);
    // with its notice; on a slow machine the first silence, of a minute, may end before the flood does
    expect(wordsSent).toBeLessThan(10);
    expect(await keptMessages(shop)).toBe(500);
    const waiting = await db.query(
      "select from webhook_events where chatbot_id = $1 and status in ('received', 'processing')",
      [shop.chatbot.id],
    );
    expect(waiting).toEqual([]);
  });
});

describe("the block list", () => {
  const who = { sender_bsuid: null, sender_phone: "5004711" };

  it.each([
    ["a number", { phone: "5004711" }],
    ["the beginning of a number", { phone: "500", is_prefix: true }],
  ])("keeps out %s before it ever wrote, and nobody else", async (_, entry) => {
    const shop = await openShop(db);
    await insertBlockedSender(db, { chatbot_id: shop.chatbot.id, is_prefix: false, ...entry });
    expect((await shop.load(await shop.contactWrites("Hello", who))).outcome).toBe("blocked");
    expect(await keptMessages(shop)).toBe(0);
    const other = { sender_bsuid: null, sender_phone: "4950047110" };
    expect((await shop.load(await shop.contactWrites("Hello", other))).outcome).toBe("reply");
  });

  it("keeps out an id, for its own chatbot only", async () => {
    const [shop, other] = [await openShop(db), await openShop(db)];
    await insertBlockedSender(db, { chatbot_id: shop.chatbot.id, bsuid: "DE.1234567890" });
    expect(await outcomeOf(shop, "Hello")).toBe("blocked");
    expect(await outcomeOf(other, "Hello")).toBe("reply");
  });
});
