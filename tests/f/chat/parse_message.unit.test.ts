import { describe, expect, it } from "vitest";
import { parseMessage } from "../../../f/chat/parse_message.ts";

const parse = (message: object, profile_name = "Grace") =>
  parseMessage({ message: { id: "wamid.1", ...message }, profile_name });

it.each([
  [{ type: "text", text: { body: "Olá 👋" } }, "text", "Olá 👋", {}],
  [
    { type: "image", image: { id: "9", mime_type: "image/jpeg", caption: "This" } },
    "image",
    "This",
    { id: "9", mime_type: "image/jpeg" },
  ],
  [{ type: "audio", audio: { id: "9", voice: true } }, "audio", "", { id: "9", voice: true }],
  [
    { type: "location", location: { latitude: 1.5, longitude: 2, name: "Shop", address: "A St" } },
    "location",
    "Shop, A St",
    { latitude: 1.5, longitude: 2 },
  ],
  [
    { type: "interactive", interactive: { button_reply: { id: "yes", title: "Yes" } } },
    "interactive",
    "Yes",
    { id: "yes" },
  ],
  [
    { type: "interactive", interactive: { list_reply: { id: "7", title: "Seven" } } },
    "interactive",
    "Seven",
    { id: "7" },
  ],
  [{ type: "button", button: { text: "Stop", payload: "p" } }, "button", "Stop", { payload: "p" }],
  [{ type: "contacts", contacts: [{ name: { formatted_name: "Ada" } }] }, "contacts", "Ada", {}],
  [{ type: "newfangled", newfangled: {} }, "newfangled", "", {}],
])("reads %j", (message, kind, body, details) => {
  expect(parse(message)).toEqual({
    kind,
    body,
    details,
    wamid: "wamid.1",
    profileName: "Grace",
    isAnswerable: true,
  });
});

it.each(["reaction", "system", "edit", "revoke"])("keeps a %s that needs no answer", (type) => {
  expect(parse({ type }).isAnswerable).toBe(false);
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
