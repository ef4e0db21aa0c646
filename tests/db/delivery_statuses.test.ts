import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbot, insertContact, insertMessage, insertTurn } from "../helpers/records.ts";
import type { ChatbotRow, ContactRow, MessageRow } from "../helpers/rows.ts";
import { connectIngress, type Ingress, statusEvent } from "./webhook_recording.ts";

let database: TestDatabase;
let ingress: Ingress;
let chatbot: ChatbotRow;
let contact: ContactRow;
beforeAll(async () => {
  database = await createTestDatabase();
  ingress = await connectIngress(database);
});
afterAll(async () => {
  await ingress.close();
  await database.close();
});
beforeEach(async () => {
  chatbot = await insertChatbot(database);
  contact = await insertContact(database, { chatbot_id: chatbot.id });
});

const insertReply = (overrides: Partial<MessageRow> = {}) =>
  insertMessage(database, { contact_id: contact.id, author: "chatbot", ...overrides });

const status = (wamid: string, delivery_status: string, more = {}) =>
  statusEvent(chatbot.phone_number_id, { wamid, delivery_status, ...more });

async function read({ id }: MessageRow): Promise<MessageRow | undefined> {
  const [row] = await database.query<MessageRow>("select * from messages where id = $1", [id]);
  return row;
}

describe("a delivery status", () => {
  it("moves the message on, is kept as completed and starts no flow", async () => {
    const reply = await insertReply({ wamid: "wamid.A" });
    expect(await ingress.record([status("wamid.A", "delivered")])).toEqual([]);
    expect(await read(reply)).toMatchObject({
      delivery_status: "delivered",
      status_changed_at: new Date(1_790_000_100_000),
    });
    expect(
      await database.query("select status from webhook_events where external_id = $1", [
        "wamid.A:delivered:DE.1",
      ]),
    ).toEqual([{ status: "completed" }]);
  });

  it.each([
    ["sent", "accepted", "sent"],
    ["read", "sent", "read"],
    ["played", "read", "played"],
    ["failed", "sent", "failed"],
    ["sent", "unknown", "sent"],
    // never back
    ["sent", "delivered", "delivered"],
    ["delivered", "read", "read"],
    ["sent", "failed", "failed"],
    ["failed", "delivered", "delivered"],
    ["failed", "read", "read"],
    // unless it arrived after all
    ["delivered", "failed", "delivered"],
    // Meta may add words
    ["teleported", "sent", "sent"],
  ])("%s for a message that is %s leaves it %s", async (arriving, before, after) => {
    const reply = await insertReply({ delivery_status: before });
    await ingress.record([status(reply.wamid ?? "", arriving)]);
    expect((await read(reply))?.delivery_status).toBe(after);
  });

  it.each([
    ["in order", ["sent", "delivered", "read"]],
    ["in reverse", ["read", "delivered", "sent"]],
    ["twice", ["read", "sent", "read"]],
  ])("ends at the furthest when they come %s, together or apart", async (_, order) => {
    const [apart, together] = [await insertReply(), await insertReply()];
    for (const word of order) await ingress.record([status(apart.wamid ?? "", word)]);
    await ingress.record(order.map((word) => status(together.wamid ?? "", word)));
    expect((await read(apart))?.delivery_status).toBe("read");
    expect((await read(together))?.delivery_status).toBe("read");
  });

  it("keeps why a message failed", async () => {
    const reply = await insertReply();
    const delivery_error = { code: 131026, title: "Message undeliverable" };
    await ingress.record([status(reply.wamid ?? "", "failed", { delivery_error })]);
    await ingress.record([status(reply.wamid ?? "", "sent")]);
    expect(await read(reply)).toMatchObject({ delivery_status: "failed", delivery_error });
  });

  it.each([
    [131026, "error"],
    [131047, "warning"],
  ])(
    "raises one alert when WhatsApp does not deliver what it took (%i: %s)",
    async (code, severity) => {
      const [failing, arriving] = [await insertReply(), await insertReply()];
      const failed = { delivery_error: { code, title: "no" } };
      for (let times = 0; times < 2; times++) {
        await ingress.record([
          status(failing.wamid ?? "", "failed", failed),
          status(arriving.wamid ?? "", "delivered"), // control
        ]);
      }
      const alerts = await database.query(
        "select severity, turn_id, details from system_alerts where kind = 'delivery_failed' and details ->> 'contact_id' = $1",
        [contact.id],
      );
      expect(alerts).toMatchObject([
        { severity, details: { code, message_id: Number(failing.id) } },
      ]);
    },
  );

  it.each([
    ["eight days old", 8, 1],
    ["an hour old", 1 / 24, 0], // control: recover_turns sends the template
  ])(
    "raises an alert for a refusal as too late that is %s, though there is a template",
    async (_, days, alerts) => {
      await database.query(
        "update chatbots set reply_template_name = 'late_answer', reply_template_language = 'en' where id = $1",
        [chatbot.id],
      );
      const turn = await insertTurn(database, { contact_id: contact.id, status: "completed" });
      const reply = await insertReply({ turn_id: turn.id });
      const changed_at = Math.floor(Date.now() / 1_000) - days * 86_400;
      const delivery_error = { code: 131047, title: "Re-engagement message" };
      await ingress.record([status(reply.wamid ?? "", "failed", { delivery_error, changed_at })]);
      expect(
        await database.query("select from system_alerts where details ->> 'contact_id' = $1", [
          contact.id,
        ]),
      ).toHaveLength(alerts);
    },
  );

  it("that says no time is of now", async () => {
    const reply = await insertReply();
    await ingress.record([status(reply.wamid ?? "", "delivered", { changed_at: null })]);
    const changed = (await read(reply))?.status_changed_at;
    expect(Math.abs(Date.now() - Number(changed))).toBeLessThan(3_600_000);
  });

  it("reaches messages of several numbers in one POST, and no others", async () => {
    const other = await insertChatbot(database);
    const stranger = await insertContact(database, { chatbot_id: other.id });
    // the same wamid for another number is another message
    const [mine, theirs] = [
      await insertReply({ wamid: "wamid.shared" }),
      await insertReply({ contact_id: stranger.id, wamid: "wamid.shared" }),
    ];
    await ingress.record([
      status("wamid.shared", "sent"),
      statusEvent(other.phone_number_id, { wamid: "wamid.shared", delivery_status: "read" }),
    ]);
    expect((await read(mine))?.delivery_status).toBe("sent");
    expect((await read(theirs))?.delivery_status).toBe("read");
  });

  it("never touches what the contact wrote", async () => {
    const question = await insertMessage(database, { contact_id: contact.id });
    await ingress.record([status(question.wamid ?? "", "read")]);
    expect((await read(question))?.delivery_status).toBeNull();
  });
});

describe("a message whose acceptance we never heard of", () => {
  it.each(["sending", "unknown"])(
    "that is %s is found by its key and learns its wamid",
    async (before) => {
      const reply = await insertReply({ wamid: null, delivery_status: before });
      const wamid = `wamid.${randomUUID()}`;
      await ingress.record([status(wamid, "sent", { delivery_key: reply.delivery_key })]);
      expect(await read(reply)).toMatchObject({ wamid, delivery_status: "sent" });
    },
  );

  it("is not found by another number's status with its key", async () => {
    const other = await insertChatbot(database);
    const reply = await insertReply({ wamid: null, delivery_status: "unknown" });
    await ingress.record([
      statusEvent(other.phone_number_id, {
        wamid: "wamid.other",
        delivery_status: "sent",
        delivery_key: reply.delivery_key,
      }),
    ]);
    expect(await read(reply)).toMatchObject({ wamid: null, delivery_status: "unknown" });
  });

  it("does not take a wamid that another message has, which would fail the whole POST", async () => {
    const waiting = await insertReply({ wamid: null, delivery_status: "unknown" });
    const known = await insertReply({ wamid: "wamid.known" });
    await ingress.record([status("wamid.known", "sent", { delivery_key: waiting.delivery_key })]);
    expect((await read(known))?.delivery_status).toBe("sent");
    expect(await read(waiting)).toMatchObject({ wamid: null, delivery_status: "unknown" });
  });

  it("keeps its first wamid when a second attempt was accepted too", async () => {
    const reply = await insertReply({ wamid: "wamid.second" });
    await ingress.record([
      status("wamid.first", "delivered", { delivery_key: reply.delivery_key }),
    ]);
    expect(await read(reply)).toMatchObject({
      wamid: "wamid.second",
      delivery_status: "delivered",
    });
  });
});
