import { describe, expect, it } from "vitest";
import { eventsOfWebhook } from "../../webhook-server/events_of_webhook.ts";
import type { WebhookEvent } from "../../webhook-server/webhook_event.ts";
import {
  asMetaSends,
  change,
  contact,
  deliveryStatus,
  PHONE_NUMBER_ID,
  textMessage,
  webhook,
} from "../helpers/meta_webhooks.ts";

const eventsOf = (body: unknown) => eventsOfWebhook(asMetaSends(body));
const eventsOfChange = (value: Record<string, unknown>) => eventsOf(webhook([change(value)]));
const kindsOf = (events: WebhookEvent[]) => events.map((event) => event.kind);

describe("a message", () => {
  it("becomes an event with its sender, its time and the sender's profile name", () => {
    const message = textMessage({ id: "wamid.A", text: { body: "¿Abren hoy? 😀" } });
    expect(eventsOfChange({ contacts: [contact()], messages: [message] })).toEqual([
      {
        kind: "message",
        phone_number_id: PHONE_NUMBER_ID,
        external_id: "wamid.A",
        payload: { message, profile_name: "Ana Núñez" },
        sender_bsuid: "MX.1001",
        sender_phone: "5215550001111",
        sent_at: 1763700000,
        is_immediate: false,
      },
    ]);
  });

  it("gets the contact of its own sender, by BSUID and else by phone number", () => {
    const events = eventsOfChange({
      contacts: [
        contact({ profile: { name: "By phone" }, wa_id: "111", user_id: undefined }),
        contact({ profile: { name: "By BSUID" }, wa_id: "", user_id: "US.2" }),
      ],
      messages: [
        textMessage({ from: "", from_user_id: "US.2" }),
        textMessage({ from: "111", from_user_id: undefined }),
        textMessage({ from: "333", from_user_id: "US.3" }),
      ],
    });
    expect(events.map((event) => event.kind === "message" && event.payload.profile_name)).toEqual([
      "By BSUID",
      "By phone",
      null,
    ]);
  });

  it("takes an empty phone number or BSUID for an absent one", () => {
    const events = eventsOfChange({
      contacts: [],
      messages: [
        textMessage({ from: "", from_user_id: "US.2" }),
        textMessage({ from: "111", from_user_id: "" }),
      ],
    });
    expect(events).toMatchObject([
      { kind: "message", sender_bsuid: "US.2", sender_phone: null },
      { kind: "message", sender_bsuid: null, sender_phone: "111" },
    ]);
  });

  it("learns its sender's BSUID from the contact when it names only the phone number", () => {
    const events = eventsOfChange({
      contacts: [contact({ wa_id: "111", user_id: "US.1" })],
      messages: [textMessage({ from: "111", from_user_id: undefined })],
    });
    expect(events).toMatchObject([{ sender_bsuid: "US.1", sender_phone: "111" }]);
  });

  it("is immediate when a button or a list was used", () => {
    const events = eventsOfChange({
      messages: [
        textMessage({ type: "button", button: { text: "Yes", payload: "yes" } }),
        textMessage({
          type: "interactive",
          interactive: { type: "list_reply", list_reply: { id: "1", title: "Shoes" } },
        }),
        textMessage(),
      ],
    });
    expect(events.map((event) => event.kind === "message" && event.is_immediate)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    ["has a type that we do not know", { type: "hologram" }],
    ["has no id", { id: undefined }],
    ["has an id that no index could hold", { id: "w".repeat(3_000) }],
    ["has no sender", { from: "", from_user_id: "" }],
    ["was written to a group", { group_id: "group-1" }],
  ])("is kept as an other event when it %s", (_why, overrides) => {
    const message = textMessage(overrides);
    const events = eventsOfChange({ messages: [message, textMessage()] });
    expect(kindsOf(events)).toEqual(["other", "message"]);
    expect(events[0]?.payload).toEqual({
      field: "messages",
      value: { message: JSON.parse(JSON.stringify(message)) },
    });
  });

  it("has no time when Meta's cannot be read", () => {
    const events = eventsOfChange({
      messages: [
        textMessage({ timestamp: "yesterday" }),
        textMessage({ timestamp: "9".repeat(30) }),
      ],
    });
    expect(events).toMatchObject([{ sent_at: null }, { sent_at: null }]);
  });
});

describe("a notice about a contact", () => {
  it.each(["reaction", "edit", "revoke", "system"])(
    "is a message of theirs when it is a %s, and starts no flow before a text would",
    (type) => {
      const events = eventsOfChange({ messages: [textMessage({ type })] });
      expect(events).toMatchObject([
        { kind: "message", sender_bsuid: "MX.1001", is_immediate: false },
      ]);
    },
  );

  const changedId = (body: string) => ({
    type: "system",
    from: undefined,
    from_user_id: undefined,
    system: { type: "user_changed_user_id", user_id: "MX.2002", body },
  });

  it("comes from whom the notice says the contact was, when it says so nowhere else", () => {
    const message = textMessage(changedId("User Ana changed from MX.1001 to MX.2002"));
    expect(eventsOfChange({ messages: [message] })).toMatchObject([
      { kind: "message", sender_bsuid: "MX.1001", sender_phone: null },
    ]);
  });

  it.each(["User Ana changed from MX.1001 to MX.3003", "Ana has a new id"])(
    "is nobody's when it says %j",
    (body) => {
      expect(kindsOf(eventsOfChange({ messages: [textMessage(changedId(body))] }))).toEqual([
        "other",
      ]);
    },
  );

  const updated = (user_id: Record<string, unknown>) => {
    const update = { wa_id: "5215550009999", user_id, timestamp: "1763700000" };
    const { value } = change({ contacts: [contact()], user_id_update: [update] });
    return eventsOf(webhook([{ field: "user_id_update", value }]));
  };

  it("comes from the old id when it is an update of ids", () => {
    expect(updated({ previous: "MX.1001", current: "MX.2002" })).toMatchObject([
      {
        kind: "message",
        sender_bsuid: "MX.1001",
        sender_phone: null,
        sent_at: 1763700000,
        payload: {
          message: {
            type: "system",
            system: {
              type: "user_changed_user_id",
              user_id: "MX.2002",
              wa_id: "5215550009999",
            },
          },
        },
      },
    ]);
  });

  it("is kept as an other event when an update of ids names only one", () => {
    expect(kindsOf(updated({ current: "MX.2002" }))).toEqual(["other"]);
  });
});

describe("an echo of what a person wrote in the WhatsApp Business app", () => {
  const echoed = (echo: Record<string, unknown>, contacts: unknown[] = []) => {
    const { value } = change({ contacts, message_echoes: [echo] });
    return eventsOf(webhook([{ field: "smb_message_echoes", value }]));
  };
  const echo = (overrides: Record<string, unknown> = {}) => ({
    from: "15550783881",
    to: "5215550001111",
    to_user_id: "MX.1001",
    id: "wamid.ECHO",
    timestamp: "1763700000",
    type: "text",
    text: { body: "Abrimos a las nueve." },
    ...overrides,
  });

  it("becomes an event of the contact whom it went to", () => {
    expect(echoed(echo())).toEqual([
      {
        kind: "echo",
        phone_number_id: PHONE_NUMBER_ID,
        external_id: "wamid.ECHO",
        payload: { message: echo() },
        sender_bsuid: "MX.1001",
        sender_phone: "5215550001111",
        sent_at: 1763700000,
      },
    ]);
  });

  it("learns the contact's BSUID when it names only the phone number", () => {
    const events = echoed(echo({ to_user_id: undefined }), [contact()]);
    expect(events).toMatchObject([{ kind: "echo", sender_bsuid: "MX.1001" }]);
  });

  it.each(["edit", "revoke", "reaction"])("is kept as an other event when it is a %s", (type) => {
    expect(echoed(echo({ type }))).toMatchObject([
      {
        kind: "other",
        payload: { field: "smb_message_echoes", value: { message_echo: { type } } },
      },
    ]);
  });
});

describe("a status", () => {
  it("becomes an event, with our delivery key and the error that Meta gives", () => {
    const error = { code: 131047, title: "Re-engagement message" };
    const status = deliveryStatus({
      status: "failed",
      biz_opaque_callback_data: "0d1b6f7e-94c2-4f3c-9c5b-6f5d7a1c2b3e",
      errors: [error],
    });
    expect(eventsOfChange({ statuses: [status] })).toEqual([
      {
        kind: "status",
        phone_number_id: PHONE_NUMBER_ID,
        external_id: "wamid.SENT:failed:MX.1001",
        payload: status,
        wamid: "wamid.SENT",
        delivery_status: "failed",
        delivery_key: "0d1b6f7e-94c2-4f3c-9c5b-6f5d7a1c2b3e",
        delivery_error: error,
        changed_at: 1763700010,
      },
    ]);
  });

  it("has no delivery key when another app's opaque data came with it", () => {
    const statuses = [deliveryStatus({ biz_opaque_callback_data: "campaign-7" })];
    expect(eventsOfChange({ statuses })).toMatchObject([{ kind: "status", delivery_key: null }]);
  });

  it("is one event for each member of a group", () => {
    const events = eventsOfChange({
      statuses: [
        deliveryStatus({ recipient_id: "group-1", recipient_participant_id: "111" }),
        deliveryStatus({ recipient_id: "group-1", recipient_participant_id: "222" }),
      ],
    });
    expect(kindsOf(events)).toEqual(["status", "status"]);
  });

  it("is kept as an other event when we do not know it", () => {
    const statuses = [deliveryStatus({ status: "pondered" }), deliveryStatus()];
    expect(kindsOf(eventsOfChange({ statuses }))).toEqual(["other", "status"]);
  });
});

describe("a batch", () => {
  it("is walked through every entry, change, message and status", () => {
    const events = eventsOf(
      webhook(
        [
          change({ messages: [textMessage({ id: "a" }), textMessage({ id: "b" })] }, "1"),
          change({ statuses: [deliveryStatus()] }, "1"),
        ],
        [change({ messages: [textMessage({ id: "c" })], statuses: [deliveryStatus()] }, "2")],
      ),
    );
    expect(events.map((event) => `${event.phone_number_id} ${event.kind}`)).toEqual([
      "1 message",
      "1 message",
      "1 status",
      "2 message",
      "2 status",
    ]);
  });

  it("gives every event once, although it holds it twice", () => {
    const message = textMessage();
    const body = webhook([change({ messages: [message] })], [change({ messages: [message] })]);
    expect(eventsOf(body)).toHaveLength(1);
  });

  it("loses nothing to its broken items", () => {
    const events = eventsOf(
      webhook(
        [
          null,
          7,
          { field: "messages" },
          change({ messages: [null, "text", textMessage({ id: "a" })] }),
        ],
        [{ field: "messages", value: { messages: [textMessage()] } }],
        [change({ messages: [textMessage({ id: "b" })] })],
      ),
    );
    const messages = events.filter((event) => event.kind === "message");
    expect(messages.map((event) => event.external_id)).toEqual(["a", "b"]);
    expect(events).toHaveLength(8);
  });

  it("keeps what a change has besides its messages and statuses", () => {
    const errors = [{ code: 130429, title: "Rate limit hit" }];
    const events = eventsOfChange({ messages: [textMessage()], errors });
    expect(kindsOf(events)).toEqual(["message", "other"]);
    expect(events[1]?.payload).toEqual({ field: "messages", value: { errors } });
  });
});

describe("a change of another field", () => {
  const template = {
    field: "message_template_status_update",
    value: { event: "APPROVED", message_template_id: 594425479261596, reason: null },
  };

  it("becomes an other event, although it names no phone number", () => {
    expect(eventsOf(webhook([template]))).toMatchObject([
      {
        kind: "other",
        phone_number_id: "",
        external_id: expect.stringMatching(/^[0-9a-f]{64}$/),
        payload: template,
      },
    ]);
  });

  it("is the same event whatever the order of its keys, and another in another account", () => {
    const { event: approved, message_template_id, reason } = template.value;
    const reordered = {
      value: { reason, message_template_id, event: approved },
      field: template.field,
    };
    const [event] = eventsOf(webhook([template]));
    const [again] = eventsOf(webhook([reordered]));
    const [elsewhere] = eventsOf(webhook([], [template])).slice(1);
    expect(again?.external_id).toBe(event?.external_id);
    expect(elsewhere?.external_id).not.toBe(event?.external_id);
  });
});

describe("what jsonb would refuse", () => {
  it("is replaced, in texts and in keys", () => {
    const text = '{"body":"a\\u0000b \\ud83d c \\ude00 \\ud83d\\ude00","k\\u0000":1}';
    const body = asMetaSends(webhook([change({ messages: [textMessage({ text: "TEXT" })] })]));
    const [event] = eventsOfWebhook(Buffer.from(body.toString().replace('"TEXT"', text)));
    expect(event).toMatchObject({
      payload: { message: { text: { body: "a\ufffdb \ufffd c \ufffd 😀", "k\ufffd": 1 } } },
    });
  });

  it("is cut off below a depth that no real webhook reaches", () => {
    const nested = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const body = asMetaSends(webhook([change({ messages: [textMessage({ text: "TEXT" })] })]));
    const events = eventsOfWebhook(Buffer.from(body.toString().replace('"TEXT"', nested)));
    expect(kindsOf(events)).toEqual(["message"]);
    expect(JSON.stringify(events)).toContain("(nested too deeply)");
  });
});

describe("an authentic body that is no webhook", () => {
  it.each([
    ["no JSON", "{not json", "{not json"],
    ["empty", "", ""],
    ["no JSON, with a zero byte", "\u0000", "\ufffd"],
  ])("is kept as its text when it is %s", (_what, body, kept) => {
    expect(eventsOfWebhook(Buffer.from(body))).toMatchObject([
      { kind: "other", payload: { field: "(no JSON)", value: kept } },
    ]);
  });

  it.each([["null"], ["7"], ["[]"], ["{}"], ['{"entry":[]}'], ['{"entry":{}}']])(
    "is kept as it is when it is %s",
    (body) => {
      expect(eventsOfWebhook(Buffer.from(body))).toMatchObject([
        { kind: "other", payload: { value: JSON.parse(body) } },
      ]);
    },
  );
});
