import { expect, it } from "vitest";
import { storableJson, storableText } from "../../../f/platform/storable_text.ts";

it("replaces NUL and half a surrogate pair, and keeps an emoji", () => {
  expect(storableText("a\0b \uD83D c \uDE00 😀")).toBe("a\uFFFDb \uFFFD c \uFFFD 😀");
});

it("makes JSON storable at any depth, in the names that a model wrote, too", () => {
  const args = { "na\0me": [{ "\uD83D": "va\0lue" }, null, 7], plain: true };
  expect(storableJson(args)).toBe('{"na\uFFFDme":[{"\uFFFD":"va\uFFFDlue"},null,7],"plain":true}');
});
