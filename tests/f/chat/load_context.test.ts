import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  MessageDelayedError,
  MessageRefusedError,
  TypingNotShownError,
} from "../../../f/platform/whatsapp_errors.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertContact, insertMessage, insertWebhookEvent } from "../../helpers/records.ts";
import type { MessageRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 86_400_000);

function messagesOf(shop: Shop): Promise<MessageRow[]> {
  return db.query("select * from messages where chatbot_id = $1 order by id", [shop.chatbot.id]);
}

describe("a message that is answered", () => {
  it("opens a turn, keeps the message and returns all that answering needs", async () => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("When do you open?");
    const context = await shop.claim(event);
    expect(context).toMatchObject({
      outcome: "reply",
      fence: 1,
      organization_id: shop.organization.id,
      chatbot: { id: shop.chatbot.id, name: "Support" },
      contact: { profile_name: "Grace" },
      history: [],
      messages: [{ author: "contact", kind: "text", body: "When do you open?" }],
      tools: [],
    });
    expect(await messagesOf(shop)).toMatchObject([
      { author: "contact", body: "When do you open?", turn_id: context.turn_id },
    ]);
    expect(await shop.eventStatus(event)).toBe("processing");
    expect(await shop.turn(context)).toMatchObject({ status: "generating", reply: null });
  });

  it("returns no credential", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("Hello"));
    expect(JSON.stringify(context)).not.toContain("access_token");
  });

  it("marks the newest message as read and shows typing, and goes on when that fails", async () => {
    const shop = await openShop(db);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    shop.whatsApp.onTyping = async () => {
      throw new TypingNotShownError("it answered 500");
    };
    await shop.contactWrites("Hello", { external_id: "wamid.first", sent_at: TWO_DAYS_AGO });
    const context = await shop.claim(await shop.contactWrites("Are you there?"));
    const [, newest] = await messagesOf(shop);
    expect(context.outcome).toBe("reply");
    expect(shop.whatsApp.typing).toEqual([newest?.wamid]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("it answered 500"));
    warn.mockRestore();
  });

  it("answers a burst in one turn, in the order it was written", async () => {
    const shop = await openShop(db);
    const at = (second: number) => new Date(Date.now() - 10_000 + second * 1_000);
    const last = await shop.contactWrites("on Sunday?", { sent_at: at(2) });
    const first = await shop.contactWrites("When do", { sent_at: at(0) });
    const middle = await shop.contactWrites("you open", { sent_at: at(1) });
    const context = await shop.claim(first);
    expect(context.messages.map(({ body }) => body)).toEqual(["When do", "you open", "on Sunday?"]);
    expect(await shop.load(middle)).toMatchObject({ outcome: "duplicate" });
    expect(await shop.load(last)).toMatchObject({ outcome: "duplicate" });
  });

  it("shows the model what was said before, without what never arrived", async () => {
    const shop = await openShop(db);
    await shop.answer(await shop.contactWrites("When do you open?"));
    await db.query(
      `insert into messages (organization_id, chatbot_id, contact_id, author, part, body, delivery_status)
       select organization_id, chatbot_id, contact_id, 'chatbot', 0, 'never sent', 'failed'
       from messages where chatbot_id = $1 limit 1`,
      [shop.chatbot.id],
    );
    const context = await shop.claim(await shop.contactWrites("And on Sunday?"));
    expect(context.history.map(({ author, body }) => [author, body])).toEqual([
      ["contact", "When do you open?"],
      ["chatbot", "We open at *nine*."],
    ]);
    expect(context.messages).toHaveLength(1);
  });

  it("shows a quick answer after what it answers, although WhatsApp's clock has whole seconds only", async () => {
    const shop = await openShop(db);
    const contact = await insertContact(db, { chatbot_id: shop.chatbot.id, phone: "15550100777" });
    const said = { contact_id: contact.id };
    await insertMessage(db, { ...said, body: "Which one?", sent_at: new Date(60_000) });
    const reply = { ...said, author: "chatbot", sent_at: new Date(60_700) } as const;
    await insertMessage(db, { ...reply, body: "The red one." });
    await insertMessage(db, { ...said, body: "Thanks", sent_at: new Date(60_000) });
    const context = await shop.claim(
      await shop.contactWrites("Bye", { sender_bsuid: null, sender_phone: "15550100777" }),
    );
    expect(context.history.map(({ body }) => body)).toEqual([
      "Which one?",
      "The red one.",
      "Thanks",
    ]);
  });

  it("keeps text that Windmill would take for a secret as it is", async () => {
    const shop = await openShop(db);
    const payload = {
      message: { id: "wamid.x", type: "text", text: { body: "$var:f/platform/openai_api_key" } },
      profile_name: "$res:f/platform/postgres",
    };
    const context = await shop.claim(await shop.contactWrites("", { payload }));
    expect(context.messages[0]?.body).toBe("$var:f/platform/openai_api_key");
    expect(context.contact.profile_name).toBe("$res:f/platform/postgres");
  });
});

describe("a flood of messages", () => {
  it("is taken into one turn, of which the model is shown the end, now and as history", async () => {
    const shop = await openShop(db, { chatbot: { history_messages: 200 } });
    let last = 0;
    for (let at = 0; at < 20; at++) last = await shop.contactWrites(`${at} ${"x".repeat(9_000)}`);
    const flood = await shop.claim(last);
    expect(flood.messages.map(({ body }) => body.slice(0, 3))).toEqual(["17 ", "18 ", "19 "]);
    await shop.finish(flood);
    const taken = await db.query("select from messages where turn_id = $1", [flood.turn_id]);
    expect(taken).toHaveLength(20); // control: all of it is kept
    const { history } = await shop.claim(await shop.contactWrites("Sorry!"));
    expect(history.at(-1)?.body.slice(0, 3)).toBe("19 ");
    expect(history.length).toBeLessThan(8);
  });
});

describe("a message that opens no turn", () => {
  it("is unknown_number when no chatbot has the number", async () => {
    const shop = await openShop(db);
    const { id } = await insertWebhookEvent(db, {
      chatbot_id: shop.chatbot.id,
      external_id: randomUUID(),
    });
    await db.query(
      "update webhook_events set organization_id = null, chatbot_id = null where id = $1",
      [id],
    );
    expect(await shop.load(id)).toMatchObject({ outcome: "unknown_number" });
    expect((await shop.claim(await shop.contactWrites("control"))).outcome).toBe("reply");
  });

  it.each([
    ["the chatbot", "update chatbots set is_active = $2 where id = $1"],
    [
      "the organization",
      "update organizations set is_active = $2 where id = (select organization_id from chatbots where id = $1)",
    ],
  ])("is inactive when %s is switched off, and is answered when it is on again", async (_, sql) => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("Hello?");
    await db.query(sql, [shop.chatbot.id, false]);
    expect(await shop.load(event)).toMatchObject({ outcome: "inactive" });
    expect(await shop.eventStatus(event)).toBe("ignored");
    await db.query(sql, [shop.chatbot.id, true]);
    expect((await shop.claim(await shop.contactWrites("Hello?"))).outcome).toBe("reply");
  });

  it("is manual while a person has the conversation: kept, and answered by nobody else", async () => {
    const shop = await openShop(db);
    await shop.answer(await shop.contactWrites("Hello"));
    await shop.setContact("conversation_mode", "manual");
    const event = await shop.contactWrites("I want to talk to a person");
    expect(await shop.load(event)).toMatchObject({ outcome: "manual" });
    expect(await shop.eventStatus(event)).toBe("completed");
    await shop.setContact("conversation_mode", "auto");
    const context = await shop.claim(await shop.contactWrites("Thanks"));
    expect(context.history.at(-1)?.body).toBe("I want to talk to a person");
  });

  it("is blocked for a blocked contact, and nothing is kept", async () => {
    const shop = await openShop(db);
    await shop.answer(await shop.contactWrites("Hello"));
    await shop.setContact("is_blocked", true);
    const event = await shop.contactWrites("Buy my watches");
    expect(await shop.load(event)).toMatchObject({ outcome: "blocked" });
    expect((await messagesOf(shop)).map(({ body }) => body)).not.toContain("Buy my watches");
    await shop.setContact("is_blocked", false);
    expect((await shop.claim(await shop.contactWrites("Sorry"))).outcome).toBe("reply");
  });

  it("is stale when it waited longer than the chatbot's limit: kept, and not answered", async () => {
    const shop = await openShop(db);
    const old = await shop.contactWrites("Are you open today?", { sent_at: TWO_DAYS_AGO });
    expect(await shop.load(old)).toMatchObject({ outcome: "stale" });
    expect(await messagesOf(shop)).toMatchObject([{ body: "Are you open today?", turn_id: null }]);
    const context = await shop.claim(await shop.contactWrites("Hello?"));
    expect(context.history.map(({ body }) => body)).toEqual(["Are you open today?"]);
  });

  it("is nothing_to_answer for a reaction, which an image is not", async () => {
    const shop = await openShop(db);
    const reaction = { type: "reaction", reaction: { message_id: "wamid.y", emoji: "👍" } };
    const event = await shop.contactWrites("", {
      payload: { message: { id: "wamid.r", ...reaction }, profile_name: "" },
    });
    expect(await shop.load(event)).toMatchObject({ outcome: "nothing_to_answer" });
    const image = { type: "image", image: { id: "123", caption: "This one" } };
    const context = await shop.claim(
      await shop.contactWrites("", {
        payload: { message: { id: "wamid.i", ...image }, profile_name: "" },
      }),
    );
    expect(context.messages).toMatchObject([
      { author: "contact", kind: "image", body: "This one" },
    ]);
  });

  it("is a duplicate once it was answered", async () => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("Hello");
    await shop.answer(event);
    expect(await shop.load(event)).toMatchObject({ outcome: "duplicate" });
    expect(shop.whatsApp.sent).toHaveLength(1);
  });
});

describe("a live turn", () => {
  it("keeps a later message waiting, which the next turn answers", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("When do you open?"));
    const later = await shop.contactWrites("And on Sunday?");
    expect(await shop.load(later)).toMatchObject({ outcome: "queued" });
    expect(await shop.eventStatus(later)).toBe("received");
    await shop.generate(context);
    await shop.send(context);
    expect(await shop.finish(context)).toMatchObject({ status: "completed" });
    expect(shop.startedFlows).toEqual([later]);
    expect((await shop.claim(later)).messages.map(({ body }) => body)).toEqual(["And on Sunday?"]);
  });

  it("goes on under a new fence when its own job is restarted, and takes what came meanwhile", async () => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("When do you");
    const flow = randomUUID();
    const first = await shop.claim(event, flow);
    await shop.contactWrites("open?");
    const second = await shop.claim(event, flow);
    expect(second).toMatchObject({ turn_id: first.turn_id, fence: first.fence + 1 });
    expect(second.messages.map(({ body }) => body)).toEqual(["When do you", "open?"]);
  });

  it("is taken over by another run only after its lease has ended", async () => {
    const shop = await openShop(db);
    const first = await shop.claim(await shop.contactWrites("When do you open?"));
    const later = await shop.contactWrites("Hello?");
    expect(await shop.load(later)).toMatchObject({ outcome: "queued" }); // control
    await shop.abandon(first);
    const second = await shop.claim(later);
    expect(second).toMatchObject({ turn_id: first.turn_id, fence: first.fence + 1 });
    expect(second.messages).toHaveLength(2);
  });

  it("is not taken over from a run that waits for a throttle to pass", async () => {
    const shop = await openShop(db);
    const context = await shop.claim(await shop.contactWrites("When do you open?"));
    await shop.generate(context);
    await shop.abandon(context);
    shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("throttled", undefined);
    };
    await expect(shop.send(context)).rejects.toThrow(MessageDelayedError);
    expect(await shop.load(await shop.contactWrites("Hello?"))).toMatchObject({
      outcome: "queued",
    });
  });
});

describe("a failed turn", () => {
  it("is run again by one of its events, in a turn of its own", async () => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("When do you open?");
    const flow = randomUUID();
    const failed = await shop.claim(event, flow);
    await shop.finish(failed);
    expect(await shop.eventStatus(event)).toBe("failed");
    expect(await shop.load(event, flow)).toMatchObject({ outcome: "duplicate" }); // a late copy
    const again = await shop.claim(event);
    expect(again.turn_id).not.toBe(failed.turn_id);
    expect(again.messages.map(({ body }) => body)).toEqual(["When do you open?"]);
  });

  it("stays failed for a late copy of its own job, also while the next turn is live", async () => {
    const shop = await openShop(db);
    const event = await shop.contactWrites("When do you open?");
    const flow = randomUUID();
    await shop.finish(await shop.claim(event, flow));
    await shop.claim(await shop.contactWrites("Hello?"));
    expect(await shop.load(event, flow)).toMatchObject({ outcome: "duplicate" });
    expect(await shop.eventStatus(event)).toBe("failed");
    expect(await shop.load(event)).toMatchObject({ outcome: "queued" }); // control: another run
    expect(await shop.eventStatus(event)).toBe("received");
  });
});

describe("who wrote", () => {
  it("is one contact by business-scoped id, with the phone number as an alias", async () => {
    const shop = await openShop(db);
    const who = (sender_bsuid: string | null, sender_phone: string | null) => ({
      sender_bsuid,
      sender_phone,
    });
    const messages = [
      ["by phone", who(null, "4915100000001")],
      ["by both", who("DE.1", "4915100000001")],
      ["by id", who("DE.1", null)],
    ] as const;
    const contacts: string[] = [];
    for (const [body, sender] of messages) {
      contacts.push((await shop.answer(await shop.contactWrites(body, sender))).contact.id);
    }
    expect(new Set(contacts).size).toBe(1);
  });

  it("is another contact when the number has passed to another id", async () => {
    const shop = await openShop(db);
    const phone = "4915100000002";
    const before = { sender_bsuid: "DE.old", sender_phone: phone };
    const after = { sender_bsuid: "DE.new", sender_phone: phone };
    const old = await shop.claim(await shop.contactWrites("I am the old owner", before));
    await shop.finish(old);
    const owner = await shop.claim(await shop.contactWrites("I am the new owner", after));
    expect(owner.contact.id).not.toBe(old.contact.id);
    expect(owner.history).toEqual([]);
  });
});

describe("the message quota", () => {
  const limited = { organization: { message_limit: 1 } };

  it("lets in as many turns as the limit allows, then tells the contact once a period", async () => {
    const shop = await openShop(db, limited);
    await shop.answer(await shop.contactWrites("First"));
    await shop.answer(await shop.contactWrites("Second"));
    expect(shop.sentTexts()).toEqual(["We open at *nine*.", shop.chatbot.limit_message]);
    expect(await shop.load(await shop.contactWrites("Third"))).toMatchObject({
      outcome: "quota_exceeded",
    });
    expect(shop.model.calls).toBe(1);
    expect(await summaryOf(shop)).toMatchObject({ messages_used: 1, messages_reserved: 0 });
  });

  it("gives the reservation of a failed turn back", async () => {
    const shop = await openShop(db, limited);
    const failed = await shop.claim(await shop.contactWrites("First"));
    expect(await summaryOf(shop)).toMatchObject({ messages_used: 0, messages_reserved: 1 });
    await shop.finish(failed);
    await shop.finish(failed);
    expect(await summaryOf(shop)).toMatchObject({ messages_used: 0, messages_reserved: 0 });
    await shop.answer(await shop.contactWrites("Second"));
    expect(shop.sentTexts()).toEqual(["We open at *nine*."]);
  });

  it("keeps what a turn used whose reply could not be sent", async () => {
    const shop = await openShop(db, limited);
    const context = await shop.claim(await shop.contactWrites("First"));
    await shop.generate(context);
    shop.whatsApp.onSend = async () => {
      throw new MessageRefusedError("permanent", {
        status: 400,
        code: 100,
        title: "",
        details: "",
      });
    };
    await expect(shop.send(context)).rejects.toThrow(MessageRefusedError);
    await shop.log(context);
    expect(await shop.finish(context)).toMatchObject({ status: "failed" });
    expect(await summaryOf(shop)).toMatchObject({ messages_used: 1, messages_reserved: 0 });
  });

  it("counts tokens too", async () => {
    const shop = await openShop(db, { organization: { token_limit: 100 } });
    await shop.answer(await shop.contactWrites("First"));
    await shop.answer(await shop.contactWrites("Second"));
    expect(shop.sentTexts()[1]).toBe(shop.chatbot.limit_message);
  });

  async function summaryOf(shop: Shop) {
    const [summary] = await db.query("select * from usage_summary where organization_id = $1", [
      shop.organization.id,
    ]);
    return summary;
  }
});
