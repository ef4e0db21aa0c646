import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import iconv from "iconv-lite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertChatbot } from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../../helpers/rows.ts";
import { base64, type KnowledgeWorld, makePdf, startKnowledgeWorld } from "./knowledge_world.ts";

/** 150 chunks: 100 are embedded and stored at a time. */
const TWO_BATCHES = Array.from(
  { length: 150 },
  (_, number) => `Fact ${number}. ${"x ".repeat(450)}`,
).join("\n\n");

describe("processDocument", () => {
  let world: KnowledgeWorld;
  let chatbot: ChatbotRow;
  let site: Server;
  let page: (request: string) => { status?: number; type?: string; body: string | Uint8Array };

  beforeAll(async () => {
    world = await startKnowledgeWorld();
    site = createServer((request, response) => {
      const { status = 200, type = "text/html; charset=utf-8", body } = page(request.url ?? "");
      response.writeHead(status, { "content-type": type }).end(body);
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    world.allowedPrivateOrigins.push(new URL(siteUrl()).host);
  });
  afterAll(async () => {
    site.close();
    await world.close();
  });
  beforeEach(async () => {
    chatbot = await insertChatbot(world.db);
  });

  const siteUrl = () => `http://127.0.0.1:${(site.address() as AddressInfo).port}/delivery`;

  const upload = async (content: string | Uint8Array, source_type: "pdf" | "text" = "text") =>
    (
      await world.upload({
        chatbot_id: chatbot.id,
        source_type,
        name: "Handbook",
        file_content: base64(content),
      })
    ).knowledge_source_id;

  const uploadUrl = async (url = siteUrl()) =>
    (await world.upload({ chatbot_id: chatbot.id, source_type: "url", name: "Delivery", url }))
      .knowledge_source_id;

  const source = async (id: string) => {
    const [row] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    return row;
  };
  const versions = async (id: string) =>
    (
      await world.db.query<{ version: number }>(
        "select distinct version from document_chunks where knowledge_source_id = $1 order by 1",
        [id],
      )
    ).map(({ version }) => version);

  it("makes a PDF of several pages searchable, each passage with its page", async () => {
    const id = await upload(
      await makePdf([
        ["Welcome to Aurora Bikes."],
        ["The frame warranty lasts seven years."],
        ["The first inspection is due after 300 kilometres."],
      ]),
      "pdf",
    );
    expect(await world.process(id)).toMatchObject({
      outcome: "ready",
      version: 1,
      pages: 3,
      chunks: 3,
    });
    expect(await source(id)).toMatchObject({
      status: "ready",
      progress: 100,
      live_version: 1,
      page_count: 3,
      chunk_count: 3,
      embedding_model: "text-embedding-3-small",
      error_message: null,
    });
    const chunks = await world.db.query<{ page: number; content: string }>(
      "select page, content from document_chunks where knowledge_source_id = $1 order by chunk_no",
      [id],
    );
    expect(chunks[1]).toEqual({ page: 2, content: "The frame warranty lasts seven years." });
    expect((await world.find(chatbot, "How long is the warranty of the frame?"))[0]).toBe(
      "The frame warranty lasts seven years.",
    );
  });

  it("reads a web page under its headings", async () => {
    page = () => ({
      body: `<html><head><title>Delivery</title></head><body><nav>Home Shop</nav><article>
        <h1>Delivery</h1><p>${"We deliver bicycles assembled. ".repeat(20)}</p>
        <h2>Islands</h2><p>${"Delivery to the islands costs 14 euros. ".repeat(15)}</p></article></body></html>`,
    });
    const id = await uploadUrl();
    expect(await world.process(id)).toMatchObject({ outcome: "ready", pages: null });
    const chunks = await world.db.query<{ heading_path: string[]; content: string }>(
      "select heading_path, content from document_chunks where knowledge_source_id = $1 order by chunk_no",
      [id],
    );
    expect(chunks.map(({ heading_path }) => heading_path)).toEqual([
      ["Delivery"],
      ["Delivery", "Islands"],
    ]);
    expect(chunks.map(({ content }) => content).join()).not.toContain("Home Shop");
    // a passage is found by its headings, too
    expect(world.models.requests.embeddings.at(-1)?.input[1]).toMatch(
      /^Delivery\nIslands\nIslands/,
    );
  });

  it("reads a text in the character set that its server names", async () => {
    page = () => ({
      type: "text/plain; charset=windows-1251",
      body: iconv.encode("Да", "windows-1251"),
    });
    const id = await uploadUrl();
    expect(await world.process(id)).toMatchObject({ outcome: "ready" });
    expect(
      await world.db.query("select content from document_chunks where knowledge_source_id = $1", [
        id,
      ]),
    ).toEqual([{ content: "Да" }]);
  });

  it("stores a text in which a character is one that PostgreSQL has not", async () => {
    const id = await upload(`We open at nine.\u0000 ${"We close at six. ".repeat(100)}`);
    expect(await world.process(id)).toMatchObject({ outcome: "ready" });
  });

  it("reads a PDF that a web address leads to", async () => {
    const pdf = await makePdf([["Delivery costs 14 euros."]]);
    const server = createServer((_request, response) => response.end(pdf));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    world.allowedPrivateOrigins.push(host);
    expect(await world.process(await uploadUrl(`http://${host}/prices`))).toMatchObject({
      outcome: "ready",
      pages: 1,
    });
    server.close();
  });

  it("shows its progress in the row and to Windmill", async () => {
    const id = await upload(
      Array.from({ length: 300 }, (_, n) => `Fact ${n}. ${"x ".repeat(450)}`).join("\n\n"),
    );
    const shown: number[] = [];
    const inRow: (number | undefined)[] = [];
    const stages: KnowledgeSourceRow["stage"][] = [];
    await world.process(id, {
      showProgress: async (percent) => {
        shown.push(percent);
        const row = await source(id);
        inRow.push(row?.progress);
        if (row && stages.at(-1) !== row.stage) stages.push(row.stage);
      },
    });
    expect(shown.length).toBeGreaterThan(3);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown.at(-1)).toBe(100);
    expect(inRow).toEqual(shown);
    expect(stages).toEqual(["extracting", "embedding", null]);
  });

  it("builds the next version beside the live one, and deletes the old one with the swap", async () => {
    page = () => ({ body: "<html><body><p>Delivery costs 14 euros.</p></body></html>" });
    const id = await uploadUrl();
    await world.process(id);
    page = () => ({ body: "<html><body><p>Delivery costs 20 euros.</p></body></html>" });
    expect(await world.process(id)).toMatchObject({ outcome: "ready", version: 2 });

    expect(await versions(id)).toEqual([2]);
    expect(await world.find(chatbot, "What does delivery cost?")).toEqual([
      "Delivery costs 20 euros.",
    ]);
  });

  it("keeps what was searchable when a later run fails half-way, and leaves nothing of that run", async () => {
    page = () => ({ body: "<html><body><p>Delivery costs 14 euros.</p></body></html>" });
    const id = await uploadUrl();
    await world.process(id);
    const long = Array.from(
      { length: 250 },
      (_, n) => `<p>Fact ${n} on delivery. ${"y ".repeat(450)}</p>`,
    );
    page = () => ({ body: `<html><body>${long.join("")}</body></html>` });

    let seenHalfWay: unknown;
    const failing = world.process(id, {
      showProgress: async (percent) => {
        if (percent < 50) return;
        seenHalfWay = [await versions(id), await world.find(chatbot, "What does delivery cost?")];
        throw new Error("the worker ran out of memory");
      },
    });
    await expect(failing).rejects.toThrow("the worker ran out of memory");

    expect(seenHalfWay).toEqual([[1, 2], ["Delivery costs 14 euros."]]);
    expect(await versions(id)).toEqual([1]);
    expect(await source(id)).toMatchObject({
      status: "failed",
      live_version: 1,
      error_message: expect.stringContaining("on our side"),
    });
    expect(await world.find(chatbot, "What does delivery cost?")).toEqual([
      "Delivery costs 14 euros.",
    ]);
  });

  it("writes what it embedded into the ledger, also when it fails afterwards", async () => {
    const ledger = (id: string) =>
      world.db.query<Record<string, unknown>>(
        `select model, texts, tokens > 0 as used, cost_usd = (tokens * price_usd / 1000000)::numeric(14, 8) as priced
         from embedding_usage_logs where knowledge_source_id = $1 order by id`,
        [id],
      );
    const id = await upload(TWO_BATCHES);
    const showProgress = async (percent: number) => {
      if (percent > 50) throw new Error("the worker is gone");
    };
    await expect(world.process(id, { showProgress })).rejects.toThrow("the worker is gone");
    const entry = { model: "text-embedding-3-small", used: true, priced: true };
    expect(await ledger(id)).toEqual([{ ...entry, texts: 100 }]);
    await world.process(id);
    expect(await ledger(id)).toEqual([
      { ...entry, texts: 100 },
      { ...entry, texts: (await source(id))?.chunk_count },
    ]);
  });

  it("says what a tenant can understand when the embeddings fail, and fails the job", async () => {
    const id = await upload("We open at nine.");
    world.models.failNext({ kind: "error", status: 500 } as never, { call: "embeddings" });
    await expect(world.process(id)).rejects.toMatchObject({ name: "ModelCallError" });
    expect(await source(id)).toMatchObject({
      status: "failed",
      error_message: expect.stringContaining("preparing it for search failed"),
    });
  });

  it.each([
    ["a missing page", () => ({ status: 404, body: "" }), /no such page/],
    ["an image", () => ({ type: "image/png", body: "\x89PNG\0\0\0\0" }), /not lead to a web page/],
    ["an empty page", () => ({ body: "<html><body></body></html>" }), /no text/],
    ["a page nested too deep", () => ({ body: `<html>${"<div>".repeat(300)}` }), /nested/],
  ])("leaves %s failed with a sentence, and the job succeeds", async (_what, answer, sentence) => {
    page = answer;
    const id = await uploadUrl();
    expect(await world.process(id)).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(sentence),
    });
    expect(await source(id)).toMatchObject({
      status: "failed",
      error_message: expect.stringMatching(sentence),
    });
  });

  it("does not read a private address that the installation does not allow", async () => {
    page = () => ({ body: "<html><body><p>secret</p></body></html>" });
    const id = await uploadUrl();
    const files = {
      load: async () => undefined,
      readHttpPolicy: async () => ({ allowedPrivateOrigins: [], ownNetworks: [] }),
      pageTimeoutMs: 60_000,
    };
    expect(await world.process(id, { files })).toMatchObject({ outcome: "failed" });
    expect(await world.process(id)).toMatchObject({ outcome: "ready" }); // control
  });

  it("fails with a sentence when the file is gone", async () => {
    const id = await upload("We open at nine.");
    world.files.clear();
    expect(await world.process(id)).toMatchObject({
      reason: expect.stringContaining("Upload it again"),
    });
  });

  it("does nothing for a source that was deleted", async () => {
    expect(await world.process("018f0000-0000-7000-8000-00000000dead")).toEqual({
      outcome: "superseded",
    });
  });

  it.each([
    ["before a chunk is stored", 20],
    ["between two batches", 50],
    ["when all is stored", 95],
  ])("stops without a trace when the source is deleted %s", async (_when, least) => {
    const id = await upload(TWO_BATCHES);
    const result = await world.process(id, {
      showProgress: async (percent) => {
        if (percent >= least) {
          await world.db.query("delete from knowledge_sources where id = $1", [id]);
        }
      },
    });
    expect(result).toEqual({ outcome: "superseded" });
    expect(await versions(id)).toEqual([]);
  });

  it("gives two runs of one source different versions; the later one stays", async () => {
    page = () => ({ body: "<html><body><p>Delivery costs 14 euros.</p></body></html>" });
    const id = await uploadUrl();
    let second: unknown;
    const first = await world.process(id, {
      // the first run has stored its chunks and not swapped yet: a second one overtakes it
      showProgress: async (percent) => {
        if (percent !== 95) return;
        page = () => ({ body: "<html><body><p>Delivery costs 20 euros.</p></body></html>" });
        second = await world.process(id);
      },
    });
    expect(second).toMatchObject({ outcome: "ready", version: 2 });
    expect(first).toEqual({ outcome: "superseded" });
    expect(await versions(id)).toEqual([2]);
    expect(await source(id)).toMatchObject({ status: "ready", live_version: 2 });
    expect(await world.find(chatbot, "What does delivery cost?")).toEqual([
      "Delivery costs 20 euros.",
    ]);
  });

  it("leaves nothing of a run that another one overtook between two batches", async () => {
    const id = await upload(TWO_BATCHES);
    let second: unknown;
    const first = await world.process(id, {
      showProgress: async (percent) => {
        if (percent > 50) second ??= await world.process(id);
      },
    });
    expect(second).toMatchObject({ outcome: "ready", version: 2 });
    expect(first).toEqual({ outcome: "superseded" });
    expect(await versions(id)).toEqual([2]);
  });

  it("does not fail a source that another run has brought to a new version, nor sets it back", async () => {
    const id = await upload("We open at nine.");
    const slow = world.process(id, {
      showProgress: async (percent) => {
        if (percent === 5) await world.process(id);
        if (percent !== 20) return;
        expect(await source(id)).toMatchObject({ progress: 100, stage: null });
        throw new Error("late");
      },
    });
    await expect(slow).rejects.toThrow("late");
    expect(await source(id)).toMatchObject({ status: "ready", live_version: 1 });
  });
});
