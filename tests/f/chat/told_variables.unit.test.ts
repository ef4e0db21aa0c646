import { describe, expect, it } from "vitest";
import { toldVariables } from "../../../f/chat/told_variables.ts";

describe("what a contact's words say", () => {
  it.each([
    [
      "Write to Ada.Lovelace+shop@example.co.uk, please.",
      { email: "ada.lovelace+shop@example.co.uk" },
    ],
    ["My old one is a@example.com, the new one b@example.com", { email: "b@example.com" }],
    ["Where is order #a-1815?", { order_number: "A-1815" }],
    ["Order number: 20240117", { order_number: "20240117" }],
    ["Wo ist Bestellung Nr. 77-AB-1?", { order_number: "77-AB-1" }],
    [
      "Mi pedido número 99812, ada@example.com",
      { email: "ada@example.com", order_number: "99812" },
    ],
    ["I want to order 12 bicycles", {}],
    ["In order to pay 1000 euros", {}],
    ["order number unknown", {}],
    ["$var:f/platform/openai_api_key", {}],
    ["not an address: a@b, @ada, ada@", {}],
  ])("%s", (text, expected) => {
    const told = toldVariables([text]).map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(told)).toEqual(expected);
  });

  it("reads a huge text in no more time than its beginning takes", () => {
    const hostile = ["a@".repeat(100_000), `order #${"a-".repeat(100_000)}`, "a.".repeat(100_000)];
    for (const text of hostile) expect(toldVariables([text])).toEqual([]);
  });
});
