import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContactRow, MessageMediaRow, MessageRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: Awaited<ReturnType<typeof createTestDatabase>>;
let shop: Shop;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  shop = await openShop(db);
});
afterAll(() => db.close());

/** Answers the event's id and the message's wamid. */
async function sends(
  message: object,
  event: object = {},
): Promise<{ event: number; wamid: string }> {
  const wamid = `wamid.in.${randomUUID()}`;
  const payload = { message: { id: wamid, ...message }, profile_name: "Grace" };
  return { event: await shop.contactWrites("", { payload, external_id: wamid, ...event }), wamid };
}

const text = (body: string) => ({ type: "text", text: { body } });
const image = (caption?: string) => ({ type: "image", image: { id: "900", caption } });
const edit = (wamid: string, body: string) => ({
  type: "edit",
  edit: { original_message_id: wamid, message: text(body) },
});
const revoke = (wamid: string) => ({ type: "revoke", revoke: { original_message_id: wamid } });

const messages = () =>
  db.query<MessageRow>("select * from messages where chatbot_id = $1 order by id", [
    shop.chatbot.id,
  ]);
const contacts = () =>
  db.query<ContactRow>("select * from contacts where chatbot_id = $1", [shop.chatbot.id]);
const media = () =>
  db.query<MessageMediaRow>("select * from message_media where chatbot_id = $1 order by id", [
    shop.chatbot.id,
  ]);
const set = (column: "keeps_media" | "media_message", value: boolean | string) =>
  db.query(`update chatbots set ${column} = $2 where id = $1`, [shop.chatbot.id, value]);

describe("what can be read", () => {
  it.each([
    [image("How much is this?"), "How much is this?"],
    [{ type: "location", location: { latitude: 1.5, longitude: 2 } }, "(1.5, 2)"],
    [{ type: "button", button: { text: "Opening hours", payload: "h" } }, "Opening hours"],
    [
      { type: "order", order: { product_items: [{ product_retailer_id: "BELL", quantity: 2 }] } },
      "2 × BELL",
    ],
  ])("is answered by the model: %j", async (message, body) => {
    const { event } = await sends(message);
    const context = await shop.answer(event);
    expect(context.messages).toMatchObject([{ kind: message.type, body }]);
    expect(shop.model.calls).toBe(1);
  });

  it("is read with the message that it answers and the ad that it came from", async () => {
    const first = await sends({ ...text("Hello"), referral: { headline: "Bikes from 99" } });
    const { messages: opening } = await shop.answer(first.event);
    expect(opening).toMatchObject([{ body: "Hello", ad: "Bikes from 99", quoted: null }]);
    const { event } = await sends({ ...text("And that?"), context: { id: first.wamid } });
    expect((await shop.claim(event)).messages).toMatchObject([{ quoted: "Hello", ad: null }]);
  });
});

describe("what nobody can read", () => {
  it.each([
    [image()],
    [{ type: "audio", audio: { id: "1", voice: true } }],
    [{ type: "sticker", sticker: { id: "1" } }],
    [{ type: "unsupported", errors: [{ code: 131051 }] }],
  ])("is answered once, without a model and out of no quota: %j", async (message) => {
    const { event } = await sends(message);
    await shop.answer(event);
    expect(shop.sentTexts()).toEqual([shop.chatbot.media_message]);
    expect(shop.model.calls).toBe(0);
    expect(await shop.eventStatus(event)).toBe("completed");
    const usage = await db.query("select * from usage_summary where organization_id = $1", [
      shop.organization.id,
    ]);
    expect(usage).toEqual([]);
  });

  it("is read together with the words beside it", async () => {
    await sends(image());
    const { event } = await sends(text("How much is this?"));
    await shop.answer(event);
    expect(shop.model.calls).toBe(1);
    expect(shop.sentTexts()).not.toContain(shop.chatbot.media_message);
  });

  it("is answered once for an album whose pictures come one by one", async () => {
    await shop.answer((await sends(image())).event);
    const { event } = await sends(image());
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await shop.eventStatus(event)).toBe("completed");
    // control: a minute later it is another matter
    await db.query("update turns set created_at = created_at - interval '2 minutes'");
    expect((await shop.load((await sends(image())).event)).outcome).toBe("reply");
  });

  it("is not answered by a chatbot without words for it", async () => {
    await set("media_message", "");
    const { event } = await sends(image());
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await messages()).toHaveLength(1);
  });
});

describe("a chatbot that keeps media", () => {
  beforeEach(() => set("keeps_media", true));

  it("has each file stored by a job of its own, and asks the model", async () => {
    const { event } = await sends(image());
    await shop.answer(event);
    const rows = await media();
    expect(rows).toMatchObject([{ status: "pending", whatsapp_media_id: "900" }]);
    expect(shop.storing).toEqual(rows.map(({ id }) => id));
    expect(shop.model.calls).toBe(1);
  });

  it("stores what comes while a person has the conversation, too", async () => {
    await shop.answer(await shop.contactWrites("Hello"));
    await shop.setContact("conversation_mode", "manual");
    expect(await shop.load((await sends(image())).event)).toMatchObject({ outcome: "manual" });
    expect(shop.storing).toHaveLength(1);
  });

  it("answers although no job could be started", async () => {
    shop.onStoring = async () => {
      throw new Error("Windmill is away");
    };
    await shop.answer((await sends(image("This one?"))).event);
    expect(shop.sentTexts()).toHaveLength(1);
    expect(await media()).toMatchObject([{ status: "pending" }]);
  });

  it("stores nothing for texts, and a chatbot that keeps none stores nothing at all", async () => {
    await shop.answer((await sends(text("Hello"))).event);
    await set("keeps_media", false);
    await shop.answer((await sends(image("This one?"))).event);
    expect(await media()).toEqual([]);
    expect(shop.storing).toEqual([]);
  });
});

describe("an edit", () => {
  it("before the answer changes what is answered", async () => {
    const { wamid } = await sends(text("Are you open on Sonday?"));
    const { event } = await sends(edit(wamid, "Are you open on Sunday?"));
    const { messages: asked } = await shop.claim(event);
    expect(asked).toMatchObject([{ kind: "text", body: "Are you open on Sunday?" }]);
  });

  it("after the answer changes what was said and asks nothing", async () => {
    const first = await sends(text("Are you open on Sonday?"));
    await shop.answer(first.event);
    const { event } = await sends(edit(first.wamid, "Are you open on Sunday?"));
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await shop.eventStatus(event)).toBe("completed");
    expect((await messages())[0]).toMatchObject({ body: "Are you open on Sunday?" });
  });

  it("changes nothing of another contact's", async () => {
    const theirs = await sends(text("Mine"), { sender_bsuid: "DE.2", sender_phone: "492" });
    await shop.answer(theirs.event);
    await shop.load((await sends(edit(theirs.wamid, "Yours"))).event);
    expect((await messages())[0]).toMatchObject({ body: "Mine" });
  });
});

describe("a message that its contact took back", () => {
  it("is not answered when it was not yet", async () => {
    const { wamid } = await sends(text("Wrong chat"));
    const { event } = await sends(revoke(wamid));
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await messages()).toMatchObject([{ kind: "revoked", body: "" }]);
  });

  it("is gone from the conversation when it was, and the next reply does not know it", async () => {
    const first = await sends(text("My card is 4111"));
    await shop.answer(first.event);
    await shop.load((await sends(revoke(first.wamid))).event);
    const { history } = await shop.claim((await sends(text("Hello"))).event);
    expect(history[0]).toMatchObject({ kind: "revoked", body: "" });
  });

  it("is not stored, if it was a file", async () => {
    await set("keeps_media", true);
    const { wamid } = await sends(image());
    await shop.load((await sends(revoke(wamid))).event);
    expect(await media()).toEqual([]);
  });
});

describe("a reaction", () => {
  it.each(["👍", ""])("%j is kept and not answered", async (emoji) => {
    const { event } = await sends({ type: "reaction", reaction: { emoji, message_id: "w" } });
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await shop.eventStatus(event)).toBe("completed");
    expect(await messages()).toMatchObject([{ kind: "reaction", body: emoji }]);
  });

  it("is not counted as unread", async () => {
    await shop.answer(await shop.contactWrites("Hello"));
    await shop.setContact("conversation_mode", "manual");
    await sends({ type: "reaction", reaction: { emoji: "👍", message_id: "w" } });
    await shop.load((await sends(text("Are you there?"))).event);
    expect(await contacts()).toMatchObject([{ unread_count: 1 }]);
  });
});

describe("a contact with a new number", () => {
  const old = { sender_bsuid: "DE.1", sender_phone: "491" };
  const renewed = { sender_bsuid: "DE.2", sender_phone: "492" };
  const changed = (system: object) => ({ type: "system", system });
  const both = changed({ type: "user_changed_number", wa_id: "492", user_id: "DE.2" });

  it("keeps the conversation", async () => {
    await shop.answer((await sends(text("I am Grace"), old)).event);
    const notice = await sends(both, { ...old, sender_bsuid: null });
    expect(await shop.load(notice.event)).toMatchObject({ outcome: "nothing_to_answer" });
    expect(await shop.eventStatus(notice.event)).toBe("completed");
    expect(await contacts()).toMatchObject([{ bsuid: "DE.2", phone: "492" }]);
    const { history } = await shop.claim((await sends(text("Who am I?"), renewed)).event);
    expect(history.map(({ body }) => body)).toContain("I am Grace");
    expect(await contacts()).toHaveLength(1);
  });

  it("is told apart from who has the old number now", async () => {
    await shop.answer((await sends(text("I am Grace"), old)).event);
    await shop.load(
      (await sends(changed({ type: "user_changed_number", wa_id: "492" }), old)).event,
    );
    const { history } = await shop.claim(
      (await sends(text("Hi"), { sender_bsuid: "DE.9", sender_phone: "491" })).event,
    );
    expect(history).toEqual([]);
    expect(await contacts()).toHaveLength(2);
  });

  it("keeps the conversation when only the id is told", async () => {
    await shop.answer((await sends(text("I am Grace"), old)).event);
    const id = changed({ type: "user_changed_user_id", user_id: "DE.2" });
    await shop.load((await sends(id, { ...old, sender_phone: null })).event);
    expect(await contacts()).toMatchObject([{ bsuid: "DE.2", phone: null }]);
  });

  it("who wrote under it first is one person with one history", async () => {
    await shop.answer((await sends(text("I am Grace"), old)).event);
    await shop.answer((await sends(text("New phone!"), renewed)).event);
    expect(await contacts()).toHaveLength(2); // control
    await shop.load((await sends(both, { ...old, sender_bsuid: null })).event);
    const { history, contact } = await shop.claim((await sends(text("Hi"), renewed)).event);
    expect(history.map(({ body }) => body)).toEqual(
      expect.arrayContaining(["I am Grace", "New phone!"]),
    );
    const [now] = await db.query<ContactRow>(
      "select * from contacts where bsuid = 'DE.2' and chatbot_id = $1",
      [shop.chatbot.id],
    );
    expect(now).toMatchObject({ id: contact.id, phone: "492" });
  });

  it("is followed once, however often and in whichever order it is told", async () => {
    await shop.answer((await sends(text("I am Grace"), old)).event);
    const byId = changed({ type: "user_changed_user_id", user_id: "DE.2", wa_id: "492" });
    const byNumber = changed({ type: "user_changed_number", wa_id: "492" });
    for (const notice of [byId, byNumber, byId]) {
      const sender =
        notice === byNumber ? { ...old, sender_bsuid: null } : { ...old, sender_phone: null };
      await shop.load((await sends(notice, sender)).event);
    }
    expect(await contacts()).toMatchObject([{ bsuid: "DE.2", phone: "492" }]);
    expect(await messages()).toMatchObject([{ body: "I am Grace" }, { author: "chatbot" }]);
  });

  it("stays blocked", async () => {
    await shop.answer((await sends(text("Hello"), old)).event);
    await shop.setContact("is_blocked", true);
    await shop.load((await sends(both, { ...old, sender_bsuid: null })).event);
    expect(await shop.load((await sends(text("Hi"), renewed)).event)).toMatchObject({
      outcome: "blocked",
    });
  });

  it("stays blocked when it was under the new number only", async () => {
    await shop.answer((await sends(text("Hello"), old)).event);
    await shop.answer((await sends(text("Hello?"), renewed)).event);
    await db.query(
      "update contacts set is_blocked = true where chatbot_id = $1 and bsuid = 'DE.2'",
      [shop.chatbot.id],
    );
    await shop.load((await sends(both, { ...old, sender_bsuid: null })).event);
    const next = await shop.load((await sends(text("Hi"), renewed)).event);
    expect(next).toMatchObject({ outcome: "blocked" });
  });

  it("stays with the person who has its conversation, with what is unread of both", async () => {
    await shop.answer((await sends(text("Hello"), old)).event);
    await shop.answer((await sends(text("Hello?"), renewed)).event);
    await shop.setContact("conversation_mode", "manual");
    for (const sender of [old, renewed]) await shop.load((await sends(text("Hi"), sender)).event);
    await db.query(
      "update contacts set conversation_mode = 'auto' where chatbot_id = $1 and bsuid = 'DE.1'",
      [shop.chatbot.id],
    );
    await shop.load((await sends(both, { ...old, sender_bsuid: null })).event);
    const [now] = (await contacts()).filter(({ bsuid }) => bsuid === "DE.2");
    expect(now).toMatchObject({ conversation_mode: "manual", unread_count: 2 });
  });

  it("has the answer that is being made finished first", async () => {
    const { event } = await sends(text("When do you open?"), old);
    const context = await shop.claim(event);
    const notice = await sends(both, { ...old, sender_bsuid: null });
    expect(await shop.load(notice.event)).toMatchObject({ outcome: "queued" });
    await shop.generate(context);
    await shop.send(context);
    await shop.finish(context);
    expect(shop.startedFlows).toEqual([notice.event]);
    await shop.load(notice.event);
    expect(await contacts()).toMatchObject([{ bsuid: "DE.2", phone: "492" }]);
  });
});
