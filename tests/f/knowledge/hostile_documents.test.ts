import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractInProcess } from "../../../f/knowledge/extraction_process.ts";
import { resolveBunBinary } from "../../../local/windmill/bun_binary.ts";
import { insertChatbot } from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../../helpers/rows.ts";
import {
  crowdedDocx,
  docx,
  docxBomb,
  docxWithEntities,
  endlessPdf,
  lyingDocxBomb,
  nestedDocx,
  nestedHtml,
  paragraph,
  pdfBomb,
  protectedPdf,
  scannedPdf,
  selfDrawingPdf,
} from "./hostile_documents.ts";
import { base64, type KnowledgeWorld, makePdf, startKnowledgeWorld } from "./knowledge_world.ts";

const PROGRAM = join(import.meta.dirname, "../../../f/knowledge/process_document.ts");
/** Time that only a document without an end uses up, on a slow machine too; of memory far less than in production. */
const LIMITS = { timeoutMs: 120_000, memoryBytes: 500 * 1024 * 1024 };
/** For what has no end: it is not read in less time either. */
const SHORT_LIMITS = { ...LIMITS, timeoutMs: 2_000 };

const TOO_HEAVY = /too long or too much memory/;
const DAMAGED = /damaged/;
const TOO_COMPLEX = /too complex/;

describe("a hostile document", () => {
  let world: KnowledgeWorld;
  let chatbot: ChatbotRow;
  beforeAll(async () => {
    world = await startKnowledgeWorld();
    chatbot = await insertChatbot(world.db);
  });
  afterAll(() => world.close());

  const process = async (
    source_type: KnowledgeSourceRow["source_type"],
    bytes: Uint8Array,
    limits = LIMITS,
  ) => {
    const extract = extractInProcess(PROGRAM, limits, [resolveBunBinary()]);
    const { knowledge_source_id: id } = await world.upload({
      chatbot_id: chatbot.id,
      source_type,
      name: "A document",
      file_content: base64(bytes),
    });
    const result = await world.process(id, { extract });
    const [source] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    return { result, source };
  };

  it.each([
    ["a page of 20,000 nested elements", "html", () => nestedHtml(20_000), TOO_COMPLEX],
    [
      "Markdown of nested quotes",
      "markdown",
      () => Buffer.from(">".repeat(20_000)),
      /too complex|too long/,
      SHORT_LIMITS,
    ],
    ["a table whose labels multiply", "csv", () => labelBomb(), TOO_COMPLEX],
    ["a PDF of 100 MB in 100 KB", "pdf", pdfBomb, TOO_HEAVY, SHORT_LIMITS],
    ["a PDF of forms without end", "pdf", endlessPdf, TOO_HEAVY, SHORT_LIMITS],
    ["a PDF whose form draws itself", "pdf", selfDrawingPdf, /pictures|too much/],
    ["a PDF with a password", "pdf", protectedPdf, /protected by a password/],
    ["half a PDF", "pdf", async () => half(await makePdf([["We open at nine."]])), DAMAGED],
    ["a scanned PDF", "pdf", scannedPdf, /text recognition/],
    ["a Word document of 70 MB in less than 1 MB", "docx", docxBomb, TOO_COMPLEX],
    ["one that lies about its size", "docx", lyingDocxBomb, TOO_COMPLEX],
    ["one of 100,000 nested parts", "docx", nestedDocx, TOO_COMPLEX],
    ["one with external entities", "docx", docxWithEntities, DAMAGED],
    ["half a Word document", "docx", () => half(docx(manyParagraphs())), DAMAGED],
    ["a file of spaces", "text", () => Buffer.from(" \n "), /no text/],
  ] as const)(
    "%s ends failed with its sentence, and the next one is read",
    async (_what, type, make, sentence, limits?: typeof LIMITS) => {
      const { result, source } = await process(type, await make(), limits);
      expect(result).toMatchObject({ outcome: "failed", reason: expect.stringMatching(sentence) });
      expect(source).toMatchObject({
        status: "failed",
        stage: null,
        live_version: 0,
        error_message: expect.stringMatching(sentence),
      });
      const next = await process("text", Buffer.from(`We open at nine. ${_what}`));
      expect(next.source).toMatchObject({ status: "ready", chunk_count: 1 });
    },
  );

  it("is read where it is only odd", async () => {
    const pdf = await makePdf([["We open at nine."], ["We close at six."]]);
    expect((await process("pdf", pdf)).source).toMatchObject({ status: "ready", page_count: 2 });
    const utf16 = Buffer.from("\ufeffWir öffnen um neun.", "utf16le");
    expect((await process("text", utf16)).source).toMatchObject({ status: "ready" });
    // 300,000 empty paragraphs: as a tree they would take 2 GB
    expect((await process("docx", crowdedDocx())).source).toMatchObject({
      error_message: null,
      chunk_count: 1,
    });
  });

  it("says no more than the sentence to the tenant, and what a parser of ours did is ours to solve", async () => {
    const broken = extractInProcess(join(import.meta.dirname, "no_such_file.ts"), LIMITS, [
      resolveBunBinary(),
    ]);
    const { knowledge_source_id: id } = await world.upload({
      chatbot_id: chatbot.id,
      source_type: "text",
      name: "A document",
      file_content: base64("We close at six."),
    });
    await expect(world.process(id, { extract: broken })).rejects.toMatchObject({
      name: "ExtractionFailedError",
    });
    const [source] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    expect(source?.error_message).toContain("on our side");
  });
});

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

/** So many that a Word document's middle is in its text, and not behind it. */
function manyParagraphs(): string {
  return Array.from({ length: 1_000 }, (_, n) => paragraph(`Bicycle ${n}`)).join("");
}

/** 1,000 rows of one value under a label of 10,000 characters. */
function labelBomb(): Buffer {
  return Buffer.from(`${"x".repeat(10_000)},b\n${"1,2\n".repeat(1_000)}`);
}
