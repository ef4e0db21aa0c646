import { describe, expect, it } from "vitest";
import { fileTypeOf } from "../../../f/knowledge/file_type.ts";

describe("fileTypeOf", () => {
  it.each([
    ["pdf", "%PDF-1.4\n"],
    ["pdf", `HTTP/1.1 200 OK\r\n\r\n%PDF-1.7`],
    ["text", `${"x".repeat(2_000)}%PDF-1.4`],
    ["text", "We open at nine."],
    ["text", "# Opening hours\n\n<b>nine</b>"],
    ["html", "<!DOCTYPE html>\n<html>"],
    ["html", "\n  <html lang='en'>"],
    ["docx", "PK\x03\x04…word/document.xml…"],
    [null, "PK\x03\x04…xl/workbook.xml…"],
    ["ole", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"],
    [null, "\x89PNG\r\n\x1a\n\0\0\0\0"],
  ])("finds %s in the bytes", (type, content) => {
    expect(fileTypeOf(Buffer.from(content, "latin1"))).toBe(type);
  });
});
