import { expect, it } from "vitest";
import { splitForWhatsApp } from "../../../f/platform/whatsapp_text.ts";

it("is one message where it fits", () => {
  expect(splitForWhatsApp("  We open at nine.  ")).toEqual(["We open at nine."]);
  expect(splitForWhatsApp("x".repeat(4_096))).toHaveLength(1);
  expect(splitForWhatsApp("  ")).toEqual([]);
});

it("is cut at the end of a sentence", () => {
  expect(splitForWhatsApp("One two. Three four. Five", 20)).toEqual([
    "One two. Three four.",
    "Five",
  ]);
  expect(splitForWhatsApp("One two. Three four five", 20)).toEqual(["One two. Three four", "five"]);
});

it("is three messages at most, and says that something is missing", () => {
  const parts = splitForWhatsApp("word ".repeat(40), 20);
  expect(parts).toHaveLength(3);
  expect(parts[2]).toMatch(/…$/);
  expect(parts.every((part) => part.length <= 20)).toBe(true);
});

it("never cuts an emoji in two", () => {
  const parts = splitForWhatsApp("😀".repeat(30), 21);
  expect(parts.join("")).not.toMatch(/\p{Surrogate}/u);
});

it("is cut at the last sentence, whatever sign ends it", () => {
  expect(splitForWhatsApp("One two. Three four? Five", 22)).toEqual([
    "One two. Three four?",
    "Five",
  ]);
  expect(splitForWhatsApp("九点开门吗？我们九点开门。欢迎您来", 14)).toEqual([
    "九点开门吗？我们九点开门。",
    "欢迎您来",
  ]);
});

it.each([
  ['He said "Come at nine." Then he left', 'He said "Come at nine."'],
  ["Come by (we open at nine.) Then we talk", "Come by (we open at nine.)"],
  ["*Mind the step here.* Then go on inside", "*Mind the step here.*"],
  ["مرحبا بكم. هل تريد أن تأتي؟ نعم بالطبع", "مرحبا بكم. هل تريد أن تأتي؟"],
  ["यह एक वाक्य है। दूसरा वाक्य है यहाँ", "यह एक वाक्य है।"],
  ["他说：“九点来吧。”然后走了以后", "他说：“九点来吧。”"],
])("is cut behind what closes the sentence: %s", (text, first) => {
  expect(splitForWhatsApp(text, Math.min(30, text.length - 1))[0]).toBe(first);
});

it("is not cut inside bold, italic or code", () => {
  expect(splitForWhatsApp("Hello there, you. *Mind this. Or that.* Bye.", 30)).toEqual([
    "Hello there, you.",
    "*Mind this. Or that.* Bye.",
  ]);
  expect(splitForWhatsApp("a b c d e f g `code with gaps` h", 22)).toEqual([
    "a b c d e f g",
    "`code with gaps` h",
  ]);
});

it("takes list marks and arithmetic for no bold", () => {
  expect(splitForWhatsApp("2 * 3 is six. And 4 * 5 is more", 20)).toEqual([
    "2 * 3 is six.",
    "And 4 * 5 is more",
  ]);
});

it("cuts bold that is longer than a message", () => {
  expect(
    splitForWhatsApp(`*${"word ".repeat(10)}end*`, 20).every(({ length }) => length <= 20),
  ).toBe(true);
});

it("keeps a list's entries whole", () => {
  const list = Array.from({ length: 10 }, (_, n) => `- entry *number* ${n}`).join("\n");
  const parts = splitForWhatsApp(list, 100);
  expect(parts.join("\n")).toBe(list);
});
