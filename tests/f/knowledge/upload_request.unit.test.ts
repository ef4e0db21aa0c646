import { describe, expect, it } from "vitest";
import { parseUpload, type UploadRequest } from "../../../f/knowledge/upload_request.ts";

const CHATBOT = "018f0000-0000-7000-8000-000000000001";
const base64 = (content: string | Uint8Array) => Buffer.from(content).toString("base64");

const pdf: UploadRequest = {
  chatbot_id: CHATBOT,
  source_type: "pdf",
  name: "Handbook",
  file_content: base64("%PDF-1.7\n…"),
};
const text: UploadRequest = {
  ...pdf,
  source_type: "text",
  file_content: base64("We open at nine."),
};
const page: UploadRequest = {
  ...pdf,
  source_type: "url",
  file_content: null,
  url: "https://example.com",
};

describe("parseUpload", () => {
  it("takes a PDF, a text and a web page", () => {
    expect(parseUpload(pdf)).toMatchObject({ chatbotId: CHATBOT, sourceType: "pdf" });
    expect(parseUpload(text)).toMatchObject({ bytes: Buffer.from("We open at nine.") });
    expect(parseUpload(page)).toMatchObject({ sourceType: "url", url: "https://example.com/" });
  });

  it.each([
    ["$var:f/platform/openai_api_key", '"$var:f/platform/openai_api_key"'],
    ['The "best" tyres', '"The \\"best\\" tyres"'],
    ['"Aurora" and "Borealis"', '"Aurora" and "Borealis"'],
    ["Handbook", "Handbook"],
  ])("takes the name %s as a JSON string or as it was typed", (name, given) => {
    expect(parseUpload({ ...text, name: given }).name).toBe(name);
  });

  it("takes an address as a JSON string, too", () => {
    const url = JSON.stringify("https://example.com/a");
    expect(parseUpload({ ...page, url })).toMatchObject({ url: "https://example.com/a" });
  });

  it("cleans the name", () => {
    expect(parseUpload({ ...text, name: "  Hand\u0000book\n" }).name).toBe("Hand book");
  });

  it.each([
    ["no name", { ...text, name: " \n " }, "UploadInvalidError", "Give the source a name."],
    ["a long name", { ...text, name: "x".repeat(201) }, "UploadInvalidError", "200 characters"],
    ["a chatbot that is no id", { ...text, chatbot_id: "1" }, "UploadInvalidError", "not an id"],
    ["no file", { ...text, file_content: null }, "UploadInvalidError", "Choose a file"],
    ["half a file", { ...text, file_content: "YWJ" }, "UploadInvalidError", "Choose it again"],
    ["no address", { ...page, url: null }, "UploadInvalidError", "whole address"],
    ["half an address", { ...page, url: "example.com" }, "UploadInvalidError", "whole address"],
    [
      "another scheme",
      { ...page, url: "file:///etc/passwd" },
      "UploadInvalidError",
      "whole address",
    ],
    [
      "a text that is a PDF",
      { ...text, file_content: pdf.file_content },
      "WrongFileTypeError",
      "a PDF",
    ],
    [
      "a PDF that is a text",
      { ...pdf, file_content: text.file_content },
      "WrongFileTypeError",
      "not a PDF",
    ],
    [
      "a text that is an image",
      { ...text, file_content: base64(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1])) },
      "WrongFileTypeError",
      "not plain text",
    ],
  ] as const)("refuses %s", (_what, request, name, sentence) => {
    expect(() => parseUpload(request)).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(sentence) }),
    );
  });

  it("says everything that is wrong at once", () => {
    const parse = () => parseUpload({ ...text, name: "", chatbot_id: "1" });
    expect(parse).toThrow(expect.objectContaining({ fields: ["chatbot_id", "name"] }));
  });

  it("takes 10 MB and not one byte more", () => {
    const limit = 10 * 1024 * 1024;
    const sized = (bytes: number) => ({ ...text, file_content: base64("x".repeat(bytes)) });
    expect(parseUpload(sized(limit))).toMatchObject({ sourceType: "text" });
    expect(() => parseUpload(sized(limit + 1))).toThrow(
      expect.objectContaining({ name: "FileTooLargeError" }),
    );
  });
});
