import { describe, expect, it } from "vitest";
import { mediaIdOf, parseMessage } from "../../../f/chat/parse_message.ts";

const parse = (message: object, profile_name = "Grace") =>
  parseMessage({ message: { id: "wamid.1", ...message }, profile_name });

it("keeps who wrote it and its id", () => {
  expect(parse({ type: "text", text: { body: "Hello" } })).toMatchObject({
    wamid: "wamid.1",
    profileName: "Grace",
  });
});

const interactive = (reply: object) => ({ type: "interactive", interactive: reply });
const order = (items: object[], text = "") => ({
  type: "order",
  order: { catalog_id: "c", text, product_items: items },
});

it.each([
  [{ type: "text", text: { body: "Olá 👋" } }, "Olá 👋", {}],
  [
    { type: "image", image: { id: "9", mime_type: "image/jpeg", caption: "This" } },
    "This",
    { id: "9", mime_type: "image/jpeg" },
  ],
  [{ type: "document", document: { id: "9", filename: "Olá.pdf" } }, "", { filename: "Olá.pdf" }],
  [{ type: "audio", audio: { id: "9", voice: true } }, "", { id: "9", voice: true }],
  [{ type: "voice", voice: { id: "9" } }, "", { id: "9" }],
  [{ type: "sticker", sticker: { id: "9" } }, "", { id: "9" }],
  [
    { type: "location", location: { latitude: 1.5, longitude: 2, name: "Shop", address: "A St" } },
    "Shop, A St (1.5, 2)",
    { latitude: 1.5, longitude: 2 },
  ],
  [
    { type: "location", location: { latitude: 1.5, longitude: 2 } },
    "(1.5, 2)",
    { latitude: 1.5, longitude: 2 },
  ],
  [interactive({ button_reply: { id: "yes", title: "Yes" } }), "Yes", { id: "yes" }],
  [interactive({ list_reply: { id: "7", title: "Seven" } }), "Seven", { id: "7" }],
  [
    interactive({
      nfm_reply: {
        name: "flow",
        response_json: '{"size":"M","wants":["bell","lock"],"flow_token":"AQ"}',
      },
    }),
    'size: M\nwants: ["bell","lock"]',
    { form: "flow" },
  ],
  [
    interactive({ nfm_reply: { name: "flow", response_json: "{not JSON" } }),
    "{not JSON",
    { form: "flow" },
  ],
  [{ type: "button", button: { text: "Stop", payload: "p" } }, "Stop", { payload: "p" }],
  [
    {
      type: "contacts",
      contacts: [
        { name: { formatted_name: "Ada" }, phones: [{ phone: "+49 30 1" }] },
        { name: { formatted_name: "Grace" } },
      ],
    },
    "Ada +49 30 1, Grace",
    {},
  ],
  [
    order(
      [
        { product_retailer_id: "BELL-1", quantity: 2, item_price: 9.5, currency: "EUR" },
        { product_retailer_id: "LOCK-7", quantity: "1" },
      ],
      "As a gift, please",
    ),
    "2 × BELL-1 at 9.5 EUR\n1 × LOCK-7\nAs a gift, please",
    { catalog_id: "c" },
  ],
])("reads %j", (message, body, details) => {
  const parsed = parse(message);
  expect(parsed).toMatchObject({ kind: message.type, body, isAnswerable: true, notice: null });
  expect(parsed.details).toMatchObject(details);
  expect(parsed.isWordless).toBe(body === "");
});

describe("around a message", () => {
  const text = { type: "text", text: { body: "How much is it?" } };

  it("keeps what it answers and the ad that it began with", () => {
    const referral = { headline: "Bikes from 99", body: "", source_url: "https://fb.me/1" };
    const { details } = parse({ ...text, context: { from: "1", id: "wamid.0" }, referral });
    expect(details).toMatchObject({
      quoted_wamid: "wamid.0",
      referral: { headline: "Bikes from 99" },
    });
  });

  it("keeps that it was forwarded", () => {
    expect(parse({ ...text, context: { forwarded: true } }).details).toEqual({ forwarded: true });
  });

  it("is nothing when nothing is there", () => {
    expect(parse(text).details).toEqual({});
  });
});

describe("what needs no answer", () => {
  it.each([
    [{ type: "reaction", reaction: { emoji: "👍", message_id: "wamid.0" } }, "👍"],
    [{ type: "reaction", reaction: { emoji: "", message_id: "wamid.0" } }, ""],
    [{ type: "reaction", reaction: { message_id: "wamid.0" } }, ""],
    [{ type: "interactive", interactive: { type: "call_permission_reply" } }, ""],
    [{ type: "unsupported", unsupported: { type: "edit" } }, ""],
  ])("is %j", (message, body) => {
    expect(parse(message)).toMatchObject({ isAnswerable: false, notice: null, body });
  });

  it("is not what WhatsApp withholds otherwise", () => {
    const poll = { type: "unsupported", unsupported: { type: "poll" }, errors: [{ code: 131051 }] };
    expect(parse(poll)).toMatchObject({ isAnswerable: true, isWordless: true });
  });
});

describe("a notice", () => {
  const system = (change: object) => ({ type: "system", system: change });
  it.each([
    [
      {
        type: "edit",
        edit: { original_message_id: "w", message: { type: "text", text: { body: "A" } } },
      },
      { kind: "edit", wamid: "w", body: "A" },
    ],
    [
      {
        type: "edit",
        edit: { original_message_id: "w", message: { type: "image", image: { caption: "B" } } },
      },
      { kind: "edit", wamid: "w", body: "B" },
    ],
    [{ type: "edit" }, { kind: "none" }],
    [
      { type: "revoke", revoke: { original_message_id: "w" } },
      { kind: "revoke", wamid: "w" },
    ],
    [{ type: "revoke", revoke: {} }, { kind: "none" }],
    [
      system({ type: "user_changed_number", wa_id: "492" }),
      { kind: "identity", bsuid: null, phone: "492" },
    ],
    [
      system({ type: "user_changed_number", new_wa_id: "492", user_id: "DE.2" }),
      { kind: "identity", bsuid: "DE.2", phone: "492" },
    ],
    [
      system({ type: "user_changed_user_id", user_id: "DE.2", wa_id: "" }),
      { kind: "identity", bsuid: "DE.2", phone: null },
    ],
    [system({ type: "user_changed_number" }), { kind: "none" }],
    [system({ type: "customer_identity_changed", wa_id: "491" }), { kind: "none" }],
    [{ type: "system" }, { kind: "none" }],
  ])("is read from %j", (message, notice) => {
    expect(parse(message)).toMatchObject({ notice, isAnswerable: false });
  });
});

describe("a file's id", () => {
  it.each([
    [{ type: "image", image: { id: "9" } }, "9"],
    [{ type: "voice", voice: { id: "9" } }, "9"],
    [{ type: "image", image: { id: "" } }, null],
    [{ type: "image" }, null],
    // a button's id is none
    [interactive({ button_reply: { id: "yes", title: "Yes" } }), null],
  ])("of %j is %j", (message, id) => {
    expect(mediaIdOf(parse(message))).toBe(id);
  });
});

describe("what is not as Meta says", () => {
  it.each([
    null,
    "text",
    [],
    {},
    { message: null },
    { message: { type: "text" } },
    { message: { type: "text", text: "Hello" } },
    { message: { type: "image", image: [] } },
    { message: { type: 7, id: 8 }, profile_name: 9 },
  ])("never throws for %j", (payload) => {
    expect(parseMessage(payload).body).toBe("");
  });
});
