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
