import { describe, expect, it } from "vitest";
import { decodeText } from "../../../f/knowledge/decode_text.ts";

const utf16 = (text: string, mark: number[], swap: boolean) => {
  const bytes = Buffer.from(text, "utf16le");
  return Buffer.concat([Buffer.from(mark), swap ? bytes.swap16() : bytes]);
};

describe("decodeText", () => {
  it.each([
    ["UTF-8", Buffer.from("Größe 🚲"), "Größe 🚲"],
    ["UTF-8 with its mark", Buffer.from("\ufeffGröße"), "Größe"],
    ["UTF-16, little end first", utf16("Größe", [0xff, 0xfe], false), "Größe"],
    ["UTF-16, big end first", utf16("Größe", [0xfe, 0xff], true), "Größe"],
    ["Windows-1252", Buffer.from([0x47, 0x72, 0xf6, 0xdf, 0x65]), "Größe"],
    ["an empty file", Buffer.alloc(0), ""],
  ])("reads %s", (_what, bytes, text) => {
    expect(decodeText(bytes)).toBe(text);
  });

  it("takes the character set that is named", () => {
    expect(decodeText(Buffer.from([0x88, 0xea]), "shift_jis")).toBe("一");
  });

  it("does not trust a name that does not fit, or that nobody knows", () => {
    expect(decodeText(Buffer.from("Gr\xf6\xdfe", "latin1"), "utf-8")).toBe("Größe");
    expect(decodeText(Buffer.from("Größe"), "x-no-such-charset")).toBe("Größe");
  });

  it("prefers the byte order mark to the name", () => {
    expect(decodeText(utf16("Größe", [0xff, 0xfe], false), "iso-8859-1")).toBe("Größe");
  });

  it.each([
    ["an image", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]],
    ["a program", [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]],
    ["zeros", new Array<number>(100).fill(0)],
  ])("knows that %s is no text", (_what, bytes) => {
    expect(decodeText(Buffer.from(bytes))).toBeUndefined();
  });
});
