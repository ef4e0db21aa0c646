import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../../webhook-server/webhook.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import {
  asMetaSends,
  change,
  contact,
  deliveryStatus,
  signatureOf,
  textMessage,
  webhook,
} from "../helpers/meta_webhooks.ts";
import { insertChatbot, insertMessage } from "../helpers/records.ts";
import type { ChatbotRow } from "../helpers/rows.ts";
import { APP_SECRET, PREVIOUS_APP_SECRET, startTestIngress, type TestIngress } from "./ingress.ts";

const NUMBER = "100200300";
const OTHER_NUMBER = "400500600";

let database: TestDatabase;
let ingress: TestIngress;
let chatbot: ChatbotRow;

beforeAll(async () => {
  database = await createTestDatabase();
  ingress = await startTestIngress(database);
  chatbot = await insertChatbot(database, { phone_number_id: NUMBER });
  await insertChatbot(database, { phone_number_id: OTHER_NUMBER });
});

beforeEach(async () => {
  await database.query("delete from webhook_events");
  ingress.windmill.runs.length = 0;
  ingress.windmill.refusedAsRepeated.length = 0;
});

afterAll(async () => {
  await ingress?.close();
  expect(ingress.windmill.mistakes).toEqual([]);
  await database?.close();
});

interface EventRow {
  id: string;
  phone_number_id: string;
  kind: string;
  external_id: string;
  status: string;
  organization_id: string | null;
  traceparent: string;
  payload: { message?: { text?: { body?: string } }; profile_name?: string; value?: unknown };
}

const recordedEvents = () => database.query<EventRow>("select * from webhook_events order by id");
const oneMessage = (overrides: Record<string, unknown> = {}) =>
  webhook([change({ contacts: [contact()], messages: [textMessage(overrides)] }, NUMBER)]);

describe("an authentic message", () => {
  it("is answered 200, recorded, and starts its contact's flow after the debounce", async () => {
    const before = Date.now();
    const response = await ingress.post(oneMessage({ id: "wamid.A" }));
    expect(response.status).toBe(200);

    const [event, ...others] = await recordedEvents();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ kind: "message", external_id: "wamid.A", status: "received" });
    expect(event?.organization_id).not.toBeNull();
    expect(event?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);

    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    const [run] = ingress.windmill.runs;
    expect(run?.webhookEventId).toBe(Number(event?.id));
    // 1.5 s is a chatbot's default
    expect(Date.parse(run?.scheduledFor ?? "")).toBeGreaterThanOrEqual(before + 1_500);
  });

  it("starts the flow at once when a button was pressed", async () => {
    await ingress.post(oneMessage({ type: "button", button: { text: "Yes", payload: "y" } }));
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    expect(ingress.windmill.runs[0]?.scheduledFor).toBeNull();
  });

  it("keeps its accents and emoji, and loses what PostgreSQL cannot hold", async () => {
    const body = asMetaSends(oneMessage({ text: { body: "¿Está abierto? 😀 \u0000 \ud83d" } }));
    expect(body.toString()).toContain("\\u0000"); // control: it was sent
    expect((await ingress.post(body)).status).toBe(200);
    const [event] = await recordedEvents();
    expect(event?.payload.message?.text?.body).toBe("¿Está abierto? 😀 \ufffd \ufffd");
    expect(event?.payload.profile_name).toBe("Ana Núñez");
  });

  it("is recorded once and answered once, however often Meta delivers it", async () => {
    const body = asMetaSends(oneMessage());
    const responses = await Promise.all([body, body, body, body].map((copy) => ingress.post(copy)));
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200, 200]);
    expect(await recordedEvents()).toHaveLength(1);
    await expect.poll(() => ingress.windmill.refusedAsRepeated).toHaveLength(3);
    expect(ingress.windmill.runs).toHaveLength(1);
  });

  it("starts no flow again once its turn has taken it up", async () => {
    const body = asMetaSends(oneMessage());
    await ingress.post(body);
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    await database.query("update webhook_events set status = 'processing'");
    expect((await ingress.post(body)).status).toBe(200);
    await ingress.post(oneMessage({ from: "2", from_user_id: "MX.2" })); // control: this one starts
    await expect.poll(() => ingress.windmill.runs).toHaveLength(2);
    expect(ingress.windmill.refusedAsRepeated).toEqual([]);
  });

  it("is recorded, and starts nothing, when its number belongs to no chatbot", async () => {
    await ingress.post(webhook([change({ messages: [textMessage()] }, "999")]));
    await ingress.post(oneMessage()); // control: this one starts
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    expect(await recordedEvents()).toMatchObject([
      { phone_number_id: "999", organization_id: null },
      { phone_number_id: NUMBER },
    ]);
  });
});

describe("a batch of two tenants", () => {
  it("is recorded whole, and starts one flow per contact", async () => {
    const ana = { from: "1", from_user_id: "MX.1" };
    const ben = { from: "2", from_user_id: "MX.2" };
    const response = await ingress.post(
      webhook(
        [
          change({ messages: [textMessage(ana), textMessage(ana), textMessage(ben)] }, NUMBER),
          change({ statuses: [deliveryStatus()] }, NUMBER),
        ],
        [
          change({ messages: [textMessage(ana), textMessage({ type: "hologram" })] }, OTHER_NUMBER),
          { field: "a_field_of_next_year", value: { whatever: [1] } },
        ],
      ),
    );
    expect(response.status).toBe(200);
    const events = await recordedEvents();
    expect(events.map((event) => `${event.phone_number_id} ${event.kind}`).sort()).toEqual([
      " other",
      "100200300 message",
      "100200300 message",
      "100200300 message",
      "100200300 status",
      "400500600 message",
      "400500600 other",
    ]);
    await expect.poll(() => ingress.windmill.runs).toHaveLength(3);
    const organizations = new Set(
      events.filter((event) => event.kind === "message").map((event) => event.organization_id),
    );
    expect(organizations.size).toBe(2);
  });

  it("may be as large as Meta's largest: a thousand messages in one POST", async () => {
    const messages = Array.from({ length: 1_000 }, () => textMessage());
    expect((await ingress.post(webhook([change({ messages }, NUMBER)]))).status).toBe(200);
    expect(await recordedEvents()).toHaveLength(1_000);
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
  });
});

describe("a status", () => {
  it("moves our message forward and never back, and starts no flow", async () => {
    const message = await insertMessage(database, {
      chatbot_id: chatbot.id,
      author: "chatbot",
      delivery_status: "unknown",
      wamid: null,
    });
    const report = async (status: string) => {
      const overrides = { status, biz_opaque_callback_data: message.delivery_key };
      const statuses = [deliveryStatus(overrides)];
      expect((await ingress.post(webhook([change({ statuses }, NUMBER)]))).status).toBe(200);
      const [row] = await database.query("select wamid, delivery_status from messages");
      return row;
    };
    expect(await report("delivered")).toEqual({
      wamid: "wamid.SENT",
      delivery_status: "delivered",
    });
    expect(await report("sent")).toMatchObject({ delivery_status: "delivered" });
    expect(await report("read")).toMatchObject({ delivery_status: "read" });
    await ingress.post(oneMessage()); // control: this one starts
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
  });
});

describe("the signature", () => {
  it("may be of the app secret or of the one before it", async () => {
    for (const secret of [APP_SECRET, PREVIOUS_APP_SECRET]) {
      const body = asMetaSends(oneMessage());
      const headers = { "x-hub-signature-256": signatureOf(secret, body) };
      expect((await ingress.post(body, headers)).status).toBe(200);
    }
    expect(await recordedEvents()).toHaveLength(2);
  });

  it.each([
    ["wrong", signatureOf("a guessed secret", asMetaSends({}))],
    ["malformed", "sha256=abc"],
    ["empty", ""],
  ])("is refused when it is %s, and nothing is recorded", async (_what, signature) => {
    const response = await ingress.post(oneMessage(), { "x-hub-signature-256": signature });
    expect(response.status).toBe(401);
    expect(await recordedEvents()).toEqual([]);
    expect((await ingress.post(oneMessage())).status).toBe(200); // control
    expect(await recordedEvents()).toHaveLength(1);
  });
});

describe("an authentic body that we do not understand", () => {
  it.each([
    ["no JSON", Buffer.from("{ what is this? \u0000"), "application/json"],
    ["empty", Buffer.alloc(0), "application/json"],
    ["JSON of another content type", asMetaSends({ hello: "world" }), "text/plain"],
    ["no UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x22]), "application/octet-stream"],
  ])("is answered 200 and kept when it is %s", async (_what, body, contentType) => {
    expect((await ingress.post(body, { "content-type": contentType })).status).toBe(200);
    expect(await recordedEvents()).toMatchObject([{ kind: "other", status: "ignored" }]);
  });
});

describe("the size of a body", () => {
  it("may be the 3 MB that Meta allows itself", async () => {
    const body = asMetaSends(oneMessage({ text: { body: "ñ".repeat(500_000) } }));
    expect(body.length).toBeGreaterThan(3_000_000);
    expect((await ingress.post(body)).status).toBe(200);
    const [event] = await recordedEvents();
    expect(event?.payload.message?.text?.body).toHaveLength(500_000);
  });

  it("may not be above 4 MB", async () => {
    expect((await ingress.post(Buffer.alloc(MAX_BODY_BYTES, " "))).status).toBe(200); // control
    expect((await ingress.post(Buffer.alloc(MAX_BODY_BYTES + 1, " "))).status).toBe(413);
    expect(await recordedEvents()).toHaveLength(1);
  });

  it("is not hidden by compression: that is refused", async () => {
    const body = gzipSync(asMetaSends(oneMessage()));
    expect((await ingress.post(body, { "content-encoding": "gzip" })).status).toBe(415);
    expect(await recordedEvents()).toEqual([]);
  });
});

describe("/metrics", () => {
  it("counts what came, what was refused and what was started", async () => {
    await ingress.post(oneMessage());
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    const response = await fetch(`${ingress.url}/metrics`);
    const text = await response.text();
    expect(text).toMatch(/^ingress_events_received_total\{kind="message"\} [1-9]/m);
    expect(text).toMatch(/^ingress_rejected_signatures_total\{reason="wrong"\} [1-9]/m);
    expect(text).toMatch(/^ingress_flow_starts_total\{outcome="started"\} [1-9]/m);
    expect(text).toMatch(/^ingress_commit_duration_seconds_count [1-9]/m);
    expect(text).toMatch(/^ingress_webhook_responses_total\{status="200"\} [1-9]/m);
    expect(text).toMatch(/^ingress_waiting_events 1$/m);
    expect(text).toMatch(/^ingress_database_up 1$/m);
    expect(text).not.toContain("5215550001111");
  });
});

describe("an echo from the WhatsApp Business app", () => {
  it("takes its contact's conversation over, and starts no flow", async () => {
    const { value } = change(
      {
        contacts: [contact({ user_id: "MX.7", wa_id: "5217" })],
        message_echoes: [textMessage({ from: NUMBER, from_user_id: undefined, to: "5217" })],
      },
      NUMBER,
    );
    const response = await ingress.post(webhook([{ field: "smb_message_echoes", value }]));
    expect(response.status).toBe(200);
    expect(await recordedEvents()).toMatchObject([{ kind: "echo", status: "completed" }]);
    expect(
      await database.query(
        `select c.conversation_mode, m.author, m.body from contacts c
         join messages m on m.contact_id = c.id where c.bsuid = 'MX.7'`,
      ),
    ).toEqual([{ conversation_mode: "manual", author: "user", body: "When do you open?" }]);
    expect(ingress.windmill.runs).toEqual([]);
  });
});
