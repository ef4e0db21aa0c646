import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ContextPayload } from "../../../f/chat/context.ts";
import { NotPermittedError } from "../../../f/platform/operator_action.ts";
import { RowNotFoundError } from "../../../f/platform/tenant_of_row.ts";
import { MessageRefusedError } from "../../../f/platform/whatsapp_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertUser } from "../../helpers/records.ts";
import { Conversation, openConversation } from "./conversation.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const NOTICE = "A colleague takes over.";
const withNotice = () => openConversation(db, { handover_message: NOTICE });

async function withReply({ shop }: Conversation): Promise<ContextPayload> {
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  return context;
}

describe("taking a conversation over", () => {
  it("keeps what the contact writes, counts it as unread, and answers nothing", async () => {
    const conversation = await openConversation(db);
    await conversation.takeOver();
    for (const body of ["Hello?", "Anybody?"]) {
      const event = await conversation.shop.contactWrites(body);
      expect(await conversation.shop.load(event)).toMatchObject({ outcome: "manual" });
      expect(await conversation.shop.load(event)).toMatchObject({ outcome: "duplicate" });
    }
    expect(await conversation.contact()).toMatchObject({ unread_count: 2 });
    expect(await conversation.said()).toEqual(["contact: Hello?", "contact: Anybody?"]);
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });

  it("withholds a reply that is ready, and one that is being made", async () => {
    const conversation = await openConversation(db);
    const context = await conversation.shop.claim(await conversation.shop.contactWrites("Hi"));
    await conversation.takeOver();
    await conversation.shop.generate(context);
    expect(await conversation.shop.send(context)).toMatchObject({ outcome: "withheld" });
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });

  it("tells the contact once, with the chatbot's notice, however often it is done", async () => {
    const conversation = await withNotice();
    expect(await conversation.takeOver()).toMatchObject({ outcome: "taken_over", notice: "sent" });
    expect(await conversation.takeOver()).toMatchObject({
      outcome: "already_manual",
      notice: "none",
    });
    expect(conversation.shop.sentTexts()).toEqual([NOTICE]);
    expect(await conversation.messages("chatbot")).toMatchObject([
      { body: NOTICE, delivery_status: "accepted", attempts: 1 },
    ]);
  });

  it("tells a blocked contact nothing", async () => {
    const conversation = await withNotice();
    await conversation.shop.setContact("is_blocked", true);
    expect(await conversation.takeOver()).toMatchObject({ notice: "none" });
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });

  it("succeeds although the contact cannot be told", async () => {
    const conversation = await withNotice();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    conversation.shop.whatsApp.onSend = async () => {
      throw new MessageRefusedError("permanent", {
        status: 400,
        code: 131047,
        title: "outside the window",
        details: "",
      });
    };
    expect(await conversation.takeOver()).toMatchObject({
      outcome: "taken_over",
      notice: "not_sent",
    });
    warn.mockRestore();
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "manual" });
    expect(await conversation.messages("chatbot")).toMatchObject([{ delivery_status: "failed" }]);
  });

  it("keeps to the pace with its notice: one that cannot go out now never does", async () => {
    const conversation = await withNotice();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const pace = (seconds: number) =>
      db.query(
        "update contacts set paced_until = clock_timestamp() + $2 * interval '1 s' where id = $1",
        [conversation.contactId, seconds],
      );
    const pacedUntil = async () => {
      const sql = "select paced_until from contacts where id = $1";
      const [contact] = await db.query<{ paced_until: Date }>(sql, [conversation.contactId]);
      return contact?.paced_until.getTime() ?? Number.NaN;
    };
    await pace(60 * 6);
    expect(await conversation.takeOver()).toMatchObject({
      outcome: "taken_over",
      notice: "not_sent",
    });
    warn.mockRestore();
    expect(conversation.shop.whatsApp.sent).toEqual([]);
    expect(await conversation.messages("chatbot")).toMatchObject([
      { delivery_status: "failed", delivery_error: { kind: "too_fast" } },
    ]);
    await conversation.giveBack();
    await pace(44 * 6 + 0.2);
    const before = await pacedUntil();
    expect(await conversation.takeOver()).toMatchObject({ notice: "sent" }); // its slot is near
    expect((await pacedUntil()) - before).toBe(6_000); // it is counted
  });

  it("uses no token for its notice that Meta refused", async () => {
    const conversation = await withNotice();
    const token = { v: "1", iv: "A".repeat(16), tag: `${"A".repeat(22)}==`, data: "b2xk" };
    const { id } = conversation.shop.chatbot;
    await db.query(
      "update chatbots set whatsapp_access_token = $2, refused_access_token = $2 where id = $1",
      [id, JSON.stringify(token)],
    );
    expect(await conversation.takeOver()).toMatchObject({ outcome: "taken_over", notice: "none" });
    expect(conversation.shop.whatsApp.sent).toEqual([]);
    await conversation.giveBack();
    await db.query("update chatbots set refused_access_token = null where id = $1", [id]);
    expect(await conversation.takeOver()).toMatchObject({ notice: "sent" }); // control
  });

  it("keeps who did it, if it was one of the organization's users", async () => {
    const conversation = await openConversation(db);
    const { organization } = conversation.shop;
    const stranger = await insertUser(db);
    await expect(conversation.takeOver(stranger.id)).rejects.toThrow(NotPermittedError);
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "auto" });
    const user = await insertUser(db, { organization_id: organization.id });
    await conversation.takeOver(user.id);
    expect(await conversation.contact()).toMatchObject({ taken_over_by: user.id });
  });

  it("refuses an id that is no contact's", async () => {
    const { shop } = await openConversation(db);
    const nobody = new Conversation(shop, randomUUID());
    await expect(nobody.takeOver()).rejects.toThrow(RowNotFoundError);
  });
});

describe("a conversation that the chatbot handed over itself", () => {
  async function handedOver() {
    const conversation = await openConversation(db);
    const context = await withReply(conversation);
    await db.query(
      "update contacts set conversation_mode = 'manual', taken_over_at = now() where id = $1",
      [conversation.contactId],
    );
    await db.query("update turns set hands_over = true where id = $1", [context.turn_id]);
    return { conversation, send: () => conversation.shop.send(context) };
  }

  it("is told to the contact by the turn's reply", async () => {
    const { conversation, send } = await handedOver();
    expect(await send()).toMatchObject({ outcome: "sent" });
    expect(conversation.shop.whatsApp.sent).toHaveLength(1);
  });

  it("is not told any more after a person wrote in the WhatsApp Business app", async () => {
    const { conversation, send } = await handedOver();
    await conversation.personWrites("I am on it.");
    expect(await send()).toMatchObject({ outcome: "withheld" });
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });

  it("is not told any more after it was given back and taken over by nobody in particular", async () => {
    const { conversation, send } = await handedOver();
    await conversation.giveBack();
    await conversation.takeOver();
    expect(await send()).toMatchObject({ outcome: "withheld" });
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });
});

describe("giving a conversation back", () => {
  it("answers in one turn what the contact wrote meanwhile", async () => {
    const conversation = await withNotice();
    await conversation.takeOver();
    const events = [];
    for (const body of ["Hello?", "Anybody?"]) {
      const event = await conversation.shop.contactWrites(body);
      await conversation.shop.load(event);
      events.push(event);
    }
    expect(await conversation.giveBack()).toMatchObject({ outcome: "given_back" });
    expect(conversation.shop.startedFlows).toEqual([events[0]]);
    const context = await conversation.shop.answer(events[0] ?? 0);
    expect(context.messages.map(({ body }) => body)).toEqual(["Hello?", "Anybody?"]);
    expect(context.history.map(({ body }) => body)).toEqual([NOTICE]);
    expect(conversation.shop.sentTexts()).toEqual([NOTICE, "We open at *nine*."]);
    expect(await conversation.contact()).toMatchObject({
      conversation_mode: "auto",
      unread_count: 0,
    });
  });

  it("is silent when the last word was the person's, who is in the history then", async () => {
    const conversation = await openConversation(db);
    await conversation.takeOver();
    await conversation.shop.load(await conversation.shop.contactWrites("Hello?"));
    await conversation.personWrites("We open at ten tomorrow.");
    expect(await conversation.giveBack()).toMatchObject({ flow_job_id: null });
    const context = await conversation.shop.claim(await conversation.shop.contactWrites("Thanks"));
    expect(context.messages.map(({ body }) => body)).toEqual(["Thanks"]);
    expect(context.history.map(({ author, body }) => `${author}: ${body}`)).toEqual([
      "contact: Hello?",
      "user: We open at ten tomorrow.",
    ]);
  });

  it("does not answer again what was answered before it was taken over", async () => {
    const conversation = await openConversation(db);
    await conversation.shop.answer(await conversation.shop.contactWrites("When do you open?"));
    await conversation.takeOver();
    expect(await conversation.giveBack()).toMatchObject({ flow_job_id: null });
  });

  it.each(["before", "after"] as const)(
    "answers what a withheld reply was about, when that turn ended %s it was given back",
    async (order) => {
      const conversation = await openConversation(db);
      const context = await withReply(conversation);
      await conversation.takeOver();
      await conversation.shop.send(context);
      if (order === "before") await conversation.shop.finish(context);
      await conversation.giveBack();
      if (order === "after") await conversation.shop.finish(context);
      const [event = 0] = conversation.shop.startedFlows;
      const again = await conversation.shop.answer(event);
      expect(again.messages).toMatchObject([{ body: "When do you open?" }]);
      expect(conversation.shop.whatsApp.sent).toHaveLength(1);
    },
  );

  it("lets a reply go out that was not withheld yet", async () => {
    const conversation = await openConversation(db);
    const context = await withReply(conversation);
    await conversation.takeOver();
    await conversation.giveBack();
    expect(await conversation.shop.send(context)).toMatchObject({ outcome: "sent" });
    expect(await conversation.shop.finish(context)).toMatchObject({ status: "completed" });
    expect(conversation.shop.startedFlows).toEqual([]);
  });

  it("does nothing to a conversation that is not taken over", async () => {
    const conversation = await openConversation(db);
    expect(await conversation.giveBack()).toMatchObject({ outcome: "already_auto" });
  });
});

describe("an echo from the WhatsApp Business app", () => {
  it("takes over before any flow runs, is kept, and reads what the contact wrote", async () => {
    const conversation = await withNotice();
    const context = await withReply(conversation);
    await db.query("update contacts set unread_count = 3");
    await conversation.personWrites("I am on it.");
    expect(await conversation.contact()).toMatchObject({
      conversation_mode: "manual",
      unread_count: 0,
    });
    expect(await conversation.messages("user")).toMatchObject([
      { body: "I am on it.", delivery_status: "sent", turn_id: null },
    ]);
    expect(await conversation.shop.send(context)).toMatchObject({ outcome: "withheld" });
    // the person has spoken: a notice would come after it
    expect(conversation.shop.whatsApp.sent).toEqual([]);
  });

  it("that is delivered again does not take over again what was given back", async () => {
    const conversation = await openConversation(db);
    const echo = await conversation.personWrites("I am on it.");
    await conversation.giveBack();
    await conversation.record(echo);
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "auto" });
    expect(await conversation.messages("user")).toHaveLength(1);
  });

  it("that comes late, from before it was given back, is only kept", async () => {
    const conversation = await openConversation(db);
    await conversation.takeOver();
    await conversation.giveBack();
    const anHourAgo = Math.floor(Date.now() / 1_000) - 3_600;
    await conversation.personWrites("I am on it.", { sent_at: anHourAgo });
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "auto" });
    expect(await conversation.messages("user")).toHaveLength(1);
    await conversation.personWrites("Still here."); // control
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "manual" });
  });

  it("of a message that the chatbot sent itself takes nothing over", async () => {
    const conversation = await openConversation(db);
    await conversation.shop.answer(await conversation.shop.contactWrites("When do you open?"));
    const [reply] = await conversation.messages("chatbot");
    await conversation.personWrites("We open at *nine*.", { external_id: reply?.wamid ?? "" });
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "auto" });
    expect(await conversation.messages("user")).toEqual([]);
  });

  it("to somebody who never wrote makes the contact, under a number that was another's", async () => {
    const conversation = await openConversation(db);
    const { phone } = await conversation.contact();
    await conversation.personWrites("Hello!", {
      sender_bsuid: "DE.new",
      sender_phone: phone ?? "",
    });
    expect(await conversation.contact()).toMatchObject({ conversation_mode: "auto", phone: null });
    expect(
      await db.query("select conversation_mode, phone from contacts where bsuid = 'DE.new'"),
    ).toEqual([{ conversation_mode: "manual", phone }]);
  });
});
