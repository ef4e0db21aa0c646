import iconv from "iconv-lite";
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

  it.each([
    ["windows-1251", "Мы работаем с девяти до шести. Доставка стоит 14 евро."],
    ["shift_jis", "営業時間は九時から六時までです。配送料は十四ユーロです。"],
    ["gb18030", "我们九点开门。送货费用为14欧元,请提前预约。"],
    ["euc-kr", "영업시간은 아홉시부터 여섯시까지입니다. 배송비는 14유로입니다."],
    [
      "windows-1252",
      "Größe: Die Öffnungszeiten sind täglich von neun bis sechs. Überführung: 14 Euro.",
    ],
    ["utf-16le", "We open at nine."],
    ["utf-16be", "Wir öffnen um neun."],
  ])("finds %s where nobody named it", (charset, text) => {
    expect(decodeText(iconv.encode(text, charset, { addBOM: false }))).toBe(text);
  });

  it("reads a named charset that the runtime does not have", () => {
    expect(decodeText(iconv.encode("Да", "windows-1251"), "windows-1251")).toBe("Да");
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
