import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbot } from "../helpers/records.ts";
import type { ChatbotRow } from "../helpers/rows.ts";
import { connectIngress, type Ingress, messageEvent } from "./webhook_recording.ts";

let database: TestDatabase;
let ingress: Ingress;
let chatbot: ChatbotRow;
beforeAll(async () => {
  database = await createTestDatabase();
  ingress = await connectIngress(database);
});
afterAll(async () => {
  await ingress.close();
  await database.close();
});
beforeEach(async () => {
  chatbot = await insertChatbot(database, { debounce_seconds: 2.5 });
});

const recorded = (externalId: string) =>
  database.query("select * from webhook_events where external_id = $1", [externalId]);

describe("a message", () => {
  it("is kept with its tenant, and answered with what starting its flow needs", async () => {
    const event = messageEvent(chatbot.phone_number_id);
    const waiting = await ingress.record([event]);
    const rows = await recorded(event.external_id);
    expect(rows).toEqual([
      expect.objectContaining({
        organization_id: chatbot.organization_id,
        chatbot_id: chatbot.id,
        status: "received",
        payload: event.payload,
        sent_at: new Date(1_790_000_000_000),
        processed_at: null,
      }),
    ]);
    expect(waiting).toEqual([
      {
        webhook_event_id: String((rows[0] as { id: number }).id),
        phone_number_id: chatbot.phone_number_id,
        external_id: event.external_id,
        sender: "DE.1",
        start_after_seconds: "2.50",
        is_new: true,
      },
    ]);
  });

  it.each([
    ["a user id without a phone number", { sender_phone: "" }, "DE.1"],
    ["a phone number without a user id", { sender_bsuid: "" }, "4915112345678"],
  ])("may come from %s", async (_, sender, answered) => {
    const [waiting] = await ingress.record([messageEvent(chatbot.phone_number_id, sender)]);
    expect(waiting?.sender).toBe(answered);
  });

  it("that presses a button starts its flow at once", async () => {
    const event = messageEvent(chatbot.phone_number_id, { is_immediate: true });
    expect(await ingress.record([event])).toEqual([
      expect.objectContaining({ start_after_seconds: "0" }),
    ]);
  });

  it("delivered again is kept once, and answered with the same id while it waits", async () => {
    const event = messageEvent(chatbot.phone_number_id);
    const [first] = await ingress.record([event]);
    const again = await ingress.record([event]);
    expect(again).toEqual([{ ...first, is_new: false }]);
    expect(await recorded(event.external_id)).toHaveLength(1);
  });

  it("delivered again after it was taken into a turn starts nothing", async () => {
    const event = messageEvent(chatbot.phone_number_id);
    await ingress.record([event]);
    await database.query("update webhook_events set status = 'processing' where external_id = $1", [
      event.external_id,
    ]);
    expect(await ingress.record([event])).toEqual([]);
  });

  it("that stands twice in one POST is kept once", async () => {
    const event = messageEvent(chatbot.phone_number_id);
    expect(await ingress.record([event, event])).toHaveLength(1);
    expect(await recorded(event.external_id)).toHaveLength(1);
  });

  it("with the same id for another number is another message", async () => {
    const other = await insertChatbot(database);
    const event = messageEvent(chatbot.phone_number_id);
    const elsewhere = { ...event, phone_number_id: other.phone_number_id };
    expect(await ingress.record([event, elsewhere])).toHaveLength(2);
  });

  it("for a number that no chatbot has is kept without a tenant and starts nothing", async () => {
    const event = messageEvent("999999999999999");
    expect(await ingress.record([event])).toEqual([]);
    expect(await recorded(event.external_id)).toEqual([
      expect.objectContaining({ organization_id: null, chatbot_id: null, status: "received" }),
    ]);
  });
});

describe("a POST for many numbers", () => {
  it("gives each event to the tenant of its number", async () => {
    const others = [await insertChatbot(database), await insertChatbot(database)];
    const numbers = [chatbot, ...others].map(({ phone_number_id }) => phone_number_id);
    const events = [...numbers, "888888888888888"].flatMap((number) => [
      messageEvent(number),
      messageEvent(number),
    ]);
    const waiting = await ingress.record(events);
    expect(waiting.map(({ phone_number_id }) => phone_number_id).sort()).toEqual(
      [...numbers, ...numbers].sort(),
    );
    const tenants = await database.query(
      `select e.organization_id = c.organization_id as is_right
       from webhook_events e join chatbots c using (phone_number_id)
       where e.external_id = any($1)`,
      [events.map(({ external_id }) => external_id)],
    );
    expect(tenants).toEqual(Array(6).fill({ is_right: true }));
  });

  it("without any event is nothing", async () => {
    expect(await ingress.record([])).toEqual([]);
  });
});

describe("a change that is neither message nor status", () => {
  it("is kept as ignored, also when it names no number", async () => {
    const event = messageEvent("", { kind: "other", external_id: "a-hash" });
    expect(await ingress.record([event])).toEqual([]);
    expect(await recorded("a-hash")).toEqual([
      expect.objectContaining({ status: "ignored", processed_at: expect.any(Date) }),
    ]);
  });
});

describe("what the ingress reports of the inbox", () => {
  it("counts what waits for a chatbot, and how long the oldest has", async () => {
    await database.query("delete from webhook_events");
    await ingress.record([messageEvent(chatbot.phone_number_id), messageEvent("777777777777777")]);
    await database.query("update webhook_events set received_at = now() - interval '1 hour'");
    await ingress.record([messageEvent(chatbot.phone_number_id)]);
    const [health] = await database.query<{ waiting: number; oldest_waiting_seconds: number }>(
      "select * from inbox_health()",
    );
    expect(health?.waiting).toBe(2);
    expect(health?.oldest_waiting_seconds).toBeGreaterThanOrEqual(3600);
  });
});
