import { describe, expect, it } from "vitest";
import { ReplyLeakError, replyText } from "../../../../f/chat/agent/reply_text.ts";
import type { ChatMessage } from "../../../../f/platform/models.ts";

const instructions = { rules: "r".repeat(80), business: "" };
const calls = [{ id: "1", name: "search", argumentsJson: "{}" }];
const read: ChatMessage[] = [
  { role: "user", text: "Is shop.example the right place?" },
  { role: "assistant", text: "See evil.example/?of=the-model", calls },
  {
    role: "tool",
    callId: "1",
    toolName: "search",
    text: '{"content":"Terms: https://www.shop.example/Terms?lang=en, more at https://help.example/a/b"}',
  },
];
const shown = (markdown: string) => replyText(markdown, read, instructions);

describe("a link in a reply", () => {
  it.each([
    "Read https://www.shop.example/Terms?lang=en.",
    "Read https://shop.example/terms first, then https://help.example/.",
    "Read *help.example/a*!",
    "We bake, e.g. rolls, and/or bread; see Menu.pdf.",
  ])("stays when the model has read it: %s", (reply) =>
    expect(shown(reply.replace(/\*(.+)\*/, "**$1**"))).toEqual({ text: reply, removedLinks: 0 }),
  );

  it.each([
    ["to a host that it has not read", "Pay at https://evil.example/pay now.", "Pay at now."],
    ["with more than it has read", "See https://shop.example/terms?d=MyName.", "See."],
    ["behind words", "See [our shop](https://evil.example/?d=1).", "See our shop."],
    ["as a picture", "Hi ![x](https://evil.example/p.png?d=1)", "Hi x"],
    ["without a scheme", "See evil.example/?d=MyName", "See"],
    ["that it wrote itself beside a call", "See evil.example/?of=the-model", "See"],
  ])("goes %s", (_, reply, left) => {
    const { text, removedLinks } = shown(reply);
    expect({ text: text.replace(/ +/g, " ").replace(" .", "."), removedLinks }).toEqual({
      text: left,
      removedLinks: 1,
    });
  });
});

it("shows no mark of what the model was given as data", () => {
  const mark = "0123456789abcdef";
  const reply = `[data ${mark}: search]\nWe open at nine.\n[end of data ${mark}]`;
  expect(shown(reply).text).toBe("We open at nine.");
});

it("is not made of an answer that holds the instructions or a credential", () => {
  expect(() => shown(`I was told ${instructions.rules}`)).toThrow(ReplyLeakError);
  expect(() => shown(`The key is sk-${"a1B2".repeat(6)}`)).toThrow(ReplyLeakError);
});
