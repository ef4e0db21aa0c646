import { describe, expect, test } from "vitest";
import { fileTypeOfUpload } from "../../../local/phone/file_type_of_upload.ts";

const WORD = Buffer.concat([
  Buffer.from([0x50, 0x4b, 0x03, 0x04]),
  Buffer.from("word/document.xml"),
]);

describe("the type of a file that is uploaded from the phone's page", () => {
  test.each([
    ["manual.PDF", "%PDF-1.7", "pdf"],
    ["returns.docx", WORD, "docx"],
    ["prices.csv", "item,price", "csv"],
    ["notes.md", "# Notes", "markdown"],
    ["hours.html", "<!doctype html><p>nine to five", "html"],
    ["hours.txt", "nine to five", "text"],
  ] as const)("%s is what its name says", (name, content, type) => {
    expect(fileTypeOfUpload(name, Buffer.from(content))).toBe(type);
  });

  test.each([
    ["manual", "%PDF-1.7", "pdf"],
    ["returns.bin", WORD, "docx"],
    ["page", "<html><p>nine to five", "html"],
    // the upload script says what is wrong with it
    ["picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]), "text"],
  ] as const)("%s, whose name says nothing, is what its bytes are", (name, content, type) => {
    expect(fileTypeOfUpload(name, Buffer.from(content))).toBe(type);
  });
});
