import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { searchPassages } from "../../../f/knowledge/search_passages.ts";
import type { Embeddings } from "../../../f/platform/embeddings.ts";
import { withDb } from "../../../f/platform/postgres.ts";
import { type Reranker, RerankerError } from "../../../f/platform/reranker.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  embeddingOf,
  insertChatbot,
  insertDocumentChunk,
  insertKnowledgeSource,
} from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../../helpers/rows.ts";

/** A question's vector is [1, 0, …]; a chunk at cosine c has the embedding [c, sqrt(1 - c²)]. */
const at = (cosine: number) => embeddingOf(cosine, Math.sqrt(1 - cosine ** 2));
const question: Embeddings = {
  model: "test",
  embed: async (texts) => ({
    vectors: texts.map(() => Array.from({ length: 1_536 }, (_, index) => (index === 0 ? 1 : 0))),
    tokens: 7,
  }),
};

describe("searchPassages", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.close());

  const search = (chatbot: ChatbotRow, text: string, limit?: number, reranker?: Reranker) =>
    withDb(db.resource("chatbot_app"), (database) =>
      searchPassages(
        database,
        question,
        {
          organizationId: chatbot.organization_id,
          chatbotId: chatbot.id,
          question: text,
          ...(limit === undefined ? {} : { limit }),
        },
        reranker,
      ),
    );

  /** A source with one chunk for each [content, cosine]. */
  async function chunks(chatbot: ChatbotRow, passages: [string, number][], source = {}) {
    const row = await insertKnowledgeSource(db, { chatbot_id: chatbot.id, ...source });
    for (const [chunk_no, [content, cosine]] of passages.entries()) {
      const embedding = at(cosine);
      await insertDocumentChunk(db, { knowledge_source_id: row.id, chunk_no, content, embedding });
    }
    return row as KnowledgeSourceRow;
  }

  it("tells where a passage stands and how it was found", async () => {
    const chatbot = await insertChatbot(db);
    const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id, name: "Handbook" });
    await insertDocumentChunk(db, {
      knowledge_source_id: source.id,
      content: "The warranty lasts seven years.",
      page: 2,
      heading_path: ["Handbook", "Warranty"],
      embedding: at(0.6),
    });
    const { passages, embeddingTokens } = await search(chatbot, "How long is the warranty?");
    expect(embeddingTokens).toBe(7);
    expect(passages).toEqual([
      {
        chunkId: expect.any(Number),
        knowledgeSourceId: source.id,
        sourceName: "Handbook",
        sourceUrl: null,
        page: 2,
        headingPath: ["Handbook", "Warranty"],
        content: "The warranty lasts seven years.",
        distance: expect.closeTo(0.4, 5),
        vectorRank: 1,
        textRank: 1,
        // its words, and that it is nearer than 0.45
        score: expect.closeTo(0.523 + 4 * 0.05, 3),
        fusedRank: 1,
      },
    ]);
  });

  it("adds up words and nearness: what has both comes first", async () => {
    const chatbot = await insertChatbot(db);
    await chunks(chatbot, [
      ["Nothing in common.", 0.9],
      ["The pump X200 weighs 12 kg.", 0.8],
      ["The pump X100 is red.", 0.3],
    ]);
    const { passages } = await search(chatbot, "pump X200");
    const ranks = passages.map(({ content, ...passage }) => [
      content,
      passage.fusedRank,
      passage.vectorRank,
      passage.textRank,
    ]);
    expect(ranks).toEqual([
      ["The pump X200 weighs 12 kg.", 1, 2, 1],
      ["Nothing in common.", 2, 1, null],
      ["The pump X100 is red.", 3, 3, 2],
    ]);
  });

  it("finds by one shared word of many", async () => {
    const chatbot = await insertChatbot(db);
    await chunks(chatbot, [["Refunds take 14 days.", 0.3]]);
    const { passages } = await search(
      chatbot,
      "My bicycle arrived broken, when do I get a refund?",
    );
    expect(passages).toMatchObject([{ textRank: 1 }]);
  });

  it("finds nothing when no passage is clearly within the distance and none has enough of the words", async () => {
    const handbook: [string, number] = ["The warranty lasts seven years.", 0.35];
    const [near, far] = [await insertChatbot(db), await insertChatbot(db)];
    await chunks(far, [handbook]);
    await chunks(near, [handbook, ["Nothing in common.", 0.45]]);
    const question = "Which warranty does Apple give on telephones bought in Brazil?";
    expect((await search(far, question)).passages).toEqual([]);
    expect((await search(far, "Which warranty?")).passages).toHaveLength(1); // control: more of the words
    expect((await search(near, question)).passages).toHaveLength(2); // control: clearly within
  });

  it("finds nothing when no passage is within the chatbot's distance, whatever words are shared", async () => {
    const near = await insertChatbot(db, { max_distance: 0.75 });
    await chunks(near, [["Refunds take 14 days.", 0.26]]);
    expect((await search(near, "refunds")).passages).toHaveLength(1); // control

    const far = await insertChatbot(db, { max_distance: 0.75 });
    await chunks(far, [["Refunds take 14 days.", 0.24]]);
    expect((await search(far, "refunds")).passages).toEqual([]);
  });

  it("returns as many as the chatbot wants, or fewer when asked", async () => {
    const chatbot = await insertChatbot(db, { passages_per_search: 3 });
    await chunks(
      chatbot,
      Array.from({ length: 6 }, (_, n) => [`Passage ${n}`, 0.9 - n / 100]),
    );
    expect((await search(chatbot, "anything")).passages).toHaveLength(3);
    expect((await search(chatbot, "anything", 1)).passages).toMatchObject([
      { content: "Passage 0" },
    ]);
  });

  it("sees only live versions", async () => {
    const chatbot = await insertChatbot(db);
    const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id, live_version: 2 });
    for (const version of [1, 2, 3]) {
      await insertDocumentChunk(db, {
        knowledge_source_id: source.id,
        version,
        content: `version ${version}`,
        embedding: at(0.9),
      });
    }
    const { passages } = await search(chatbot, "version");
    expect(passages.map(({ content }) => content)).toEqual(["version 2"]);
  });

  it("never finds another organization's passages, nor another chatbot's", async () => {
    const mine = await insertChatbot(db);
    const sibling = await insertChatbot(db, { organization_id: mine.organization_id });
    const theirs = await insertChatbot(db);
    for (const chatbot of [mine, sibling, theirs]) {
      await chunks(chatbot, [[`of ${chatbot.id}`, 0.9]]);
    }
    for (const chatbot of [mine, sibling, theirs]) {
      const { passages } = await search(chatbot, "of");
      expect(passages.map(({ content }) => content)).toEqual([`of ${chatbot.id}`]);
    }
    const crossed = await search({ ...mine, id: theirs.id }, "of");
    expect(crossed.passages).toEqual([]);
  });

  it.each([
    "it's a pump's \\ /usr/x\\y",
    "C:\\temp 'x' & | ! :* <-> (",
    "the of and",
    "\u0000 pump",
    "🚲",
    "पंप की वारंटी",
  ])("takes %j as a question and not as a query language", async (text) => {
    const chatbot = await insertChatbot(db);
    await chunks(chatbot, [["A pump.", 0.9]]);
    expect((await search(chatbot, text)).passages).toHaveLength(1);
  });

  it("does not ask the model about an empty question", async () => {
    const chatbot = await insertChatbot(db);
    await chunks(chatbot, [["A pump.", 0.9]]);
    expect(await search(chatbot, " \n\u0000 ")).toEqual({ passages: [], embeddingTokens: 0 });
  });

  /** Chunks that share the fewer signs with a question of ones, the higher their number. */
  const numberedChunks = (source: KnowledgeSourceRow, from: number, to: number) =>
    db.query(
      `insert into document_chunks (
         organization_id, chatbot_id, knowledge_source_id, version, chunk_no, content,
         start_offset, end_offset, embedding, text_search_language)
       select $1, $2, $3, 1, n, 'Passage ' || n, 0, 9, (
         select array_agg(case when at > n then 1 else -1 end order by at)::vector
         from generate_series(1, 1536) at), 'english'
       from generate_series($4::integer, $5::integer) n order by n desc`,
      [source.organization_id, source.chatbot_id, source.id, from, to],
    );
  const ones: Embeddings = {
    model: "test",
    embed: async () => ({ vectors: [new Array<number>(1_536).fill(1)], tokens: 1 }),
  };
  const nearestOf = async (chatbot: ChatbotRow) => {
    const query = { organizationId: chatbot.organization_id, chatbotId: chatbot.id };
    const { passages } = await withDb(db.resource("chatbot_app"), (database) =>
      searchPassages(database, ones, { ...query, question: "anything" }),
    );
    return passages.map(({ content }) => content);
  };
  const tenFrom = (first: number) => Array.from({ length: 10 }, (_, n) => `Passage ${first + n}`);

  it("finds the nearest among more chunks than the short list by bits takes", async () => {
    const chatbot = await insertChatbot(db, { passages_per_search: 10, max_distance: 2 });
    await numberedChunks(await insertKnowledgeSource(db, { chatbot_id: chatbot.id }), 0, 599);
    expect(await nearestOf(chatbot)).toEqual(tenFrom(0));
  });

  it.each([
    ["is being read", { status: "processing", live_version: 0 }],
    ["was being read once more when its job was killed", { status: "ready", live_version: 2 }],
  ] as const)(
    "finds what is live below more and nearer chunks of a document that %s",
    async (_, state) => {
      const chatbot = await insertChatbot(db, { passages_per_search: 10, max_distance: 2 });
      const reading = { chatbot_id: chatbot.id, ...state };
      await numberedChunks(await insertKnowledgeSource(db, reading), 0, 399);
      await numberedChunks(await insertKnowledgeSource(db, { chatbot_id: chatbot.id }), 400, 449);
      expect(await nearestOf(chatbot)).toEqual(tenFrom(400));
    },
  );

  it("gives a hit the text around it, and cites its page", async () => {
    const chatbot = await insertChatbot(db, { passages_per_search: 1 });
    const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id });
    const text = "The warranty lasts seven years. It covers the frame. Brakes are not covered.";
    for (const [chunk_no, [start, end]] of [
      [0, 31],
      [21, 52],
      [42, 76],
    ].entries()) {
      await insertDocumentChunk(db, {
        knowledge_source_id: source.id,
        chunk_no,
        page: chunk_no === 2 ? 5 : 4,
        content: text.slice(start, end),
        start_offset: start ?? 0,
        end_offset: end ?? 0,
        embedding: at(chunk_no === 1 ? 0.9 : 0.5),
      });
    }
    const { passages } = await search(chatbot, "What is covered?");
    expect(passages).toMatchObject([
      { page: 4, content: "The warranty lasts seven years. It covers the frame." },
    ]);
  });

  it("gives no more text around a hit than the agent's tool hands on", async () => {
    const chatbot = await insertChatbot(db, { passages_per_search: 1 });
    const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id });
    for (const chunk_no of [0, 1, 2]) {
      await insertDocumentChunk(db, {
        knowledge_source_id: source.id,
        chunk_no,
        content: `${chunk_no}`.repeat(3_900),
        start_offset: chunk_no * 3_900,
        end_offset: (chunk_no + 1) * 3_900,
        embedding: at(chunk_no === 1 ? 0.9 : 0.5),
      });
    }
    const { passages } = await search(chatbot, "anything");
    expect(passages).toMatchObject([{ content: "1".repeat(3_900) + "2".repeat(3_900) }]);
  });

  describe("with a re-ranker", () => {
    const passages: [string, number][] = [
      ["One.", 0.9],
      ["Two.", 0.8],
      ["Three.", 0.7],
    ];
    const contents = async (reranker: Reranker) => {
      const chatbot = await insertChatbot(db, { passages_per_search: 2 });
      await chunks(chatbot, passages);
      const found = await search(chatbot, "anything", undefined, reranker);
      return found.passages.map(({ content, fusedRank }) => [content, fusedRank]);
    };

    it("returns what it prefers of all that was found, in its order", async () => {
      const rank = vi.fn<Reranker["rank"]>(async () => [2, 0]);
      expect(await contents({ model: "test", rank })).toEqual([
        ["Three.", 3],
        ["One.", 1],
      ]);
      expect(rank).toHaveBeenCalledWith("anything", ["One.", "Two.", "Three."], 2);
    });

    it("keeps its own order when that fails, and says so in the log", async () => {
      const warn = vi.spyOn(console, "warn").mockReturnValue();
      const rank = () => Promise.reject(new RerankerError("test", "it took too long"));
      expect(await contents({ model: "test", rank })).toEqual([
        ["One.", 1],
        ["Two.", 2],
      ]);
      expect(warn).toHaveBeenCalledWith(
        "The re-ranker test was asked and failed: it took too long.",
      );
      warn.mockRestore();
    });
  });
});
