import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertChatbot, insertDocumentChunk, insertKnowledgeSource } from "../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../helpers/rows.ts";
import { asRole } from "./as_role.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

interface Score {
  content: string;
  coverage: number;
}

/** Best first, as chatbot_app sees it. */
function scores(chatbot: ChatbotRow, question: string, also: number[] = []): Promise<Score[]> {
  return asRole(db, "chatbot_app", chatbot.organization_id, (connection) =>
    connection.query<Score>(
      `select content, coverage from score_chunks_by_words($1, $2, $3) s
       join document_chunks c on c.id = s.chunk_id order by coverage desc, c.id`,
      [chatbot.id, question, also],
    ),
  );
}

async function insertSource(
  chatbot: ChatbotRow,
  contents: string[],
  overrides: Partial<KnowledgeSourceRow> = {},
): Promise<KnowledgeSourceRow> {
  const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id, ...overrides });
  for (const [chunk_no, content] of contents.entries()) {
    const { text_search_language } = chatbot;
    const knowledge_source_id = source.id;
    await insertDocumentChunk(db, { knowledge_source_id, chunk_no, content, text_search_language });
  }
  return source;
}

const found = async (chatbot: ChatbotRow, question: string) =>
  (await scores(chatbot, question)).map(({ content }) => content);

async function lexemesLeft(chatbot: ChatbotRow): Promise<string[]> {
  const rows = await db.query<{ lexeme: string }>(
    "select lexeme from chunk_lexemes where chatbot_id = $1 order by lexeme",
    [chatbot.id],
  );
  return rows.map(({ lexeme }) => lexeme);
}

describe("lexemes_of", () => {
  it.each([
    ["english", "The Deliveries were delayed.", ["delay", "deliveri"]],
    ["english", "IL-6/TNF", ["6", "il", "tnf"]],
    ["spanish", "¿Cuánto cuesta el envío?", ["cuant", "cuest", "envi"]],
    ["german", "Die Häuser", ["haus"]],
    ["russian", "ДОСТАВКА, доставки", ["доставк"]],
    ["simple", "黑豹队的防守", ["的防", "豹队", "防守", "队的", "黑豹"]],
    ["simple", "水 和 x水y", ["x", "y", "和", "水"]],
    ["simple", "ราคา", ["คา", "รา", "าค"]],
    ["simple", "配送はABC123です", ["abc123", "です", "送は", "配送"]],
    ["simple", "ＡＢＣ①", ["abc1"]],
    ["simple", "🚲 ... —", []],
  ])("of %s %j are %j", async (language, text, lexemes) => {
    const [row] = await db.query<{ lexemes: string[] }>(
      "select tsvector_to_array(lexemes_of($1, $2)) as lexemes",
      [language, text],
    );
    expect(row?.lexemes.toSorted()).toEqual(lexemes.toSorted());
  });

  it("are the same with and without the accents that people leave out", async () => {
    const [row] = await db.query<{ is_same: boolean }>(
      "select lexemes_of('spanish', 'devolución') = lexemes_of('spanish', 'devolucion') as is_same",
    );
    expect(row).toEqual({ is_same: true });
  });
});

describe("score_chunks_by_words", () => {
  it("counts a rare word for more than a common one", async () => {
    const chatbot = await insertChatbot(db);
    await insertSource(chatbot, ["A pump.", "A red pump.", "A blue pump.", "The X200."]);
    expect((await found(chatbot, "pump X200"))[0]).toBe("The X200.");
  });

  it.each([
    ["simple", "周日几点开门？", "我们周日上午九点开门。", "自行车的保修期是两年。"],
    ["simple", "配送は何日かかりますか", "配送は三日以内です。", "自転車の保証は二年です。"],
    ["simple", "ร้านเปิดกี่โมง", "ร้านเปิดเวลาเก้าโมงเช้า", "จักรยานรับประกันสองปี"],
    ["simple", "هل التوصيل مجاني؟", "التوصيل مجاني داخل المدينة.", "ضمان الدراجة سنتان."],
    ["arabic", "كم مدة ضمان الدراجات؟", "الدراجة لها ضمان سنتين.", "التوصيل إلى المدينة مجاني."],
    ["simple", "क्या वापसी मुफ़्त है?", "चौदह दिन में वापसी मुफ़्त है।", "साइकिल पर दो साल की वारंटी है।"],
    [
      "hindi",
      "साइकिलों की वारंटी कितनी है?",
      "साइकिल पर दो साल की वारंटी है।",
      "चौदह दिन में वापसी मुफ़्त है।",
    ],
  ])("finds in %s what %j asks", async (text_search_language, question, passage, other) => {
    const chatbot = await insertChatbot(db, { text_search_language });
    await insertSource(chatbot, [other, passage]);
    expect((await found(chatbot, question))[0]).toBe(passage);
    expect(await found(chatbot, "X200")).toEqual([]); // control
  });

  it("counts a word for more in a short passage, and when it is repeated", async () => {
    const chatbot = await insertChatbot(db);
    const long = `A pump ${"among other bicycle parts ".repeat(30)}`.trim();
    await insertSource(chatbot, [long, "A pump here.", "A pump, a pump."]);
    expect(await found(chatbot, "pump")).toEqual(["A pump, a pump.", "A pump here.", long]);
  });

  it("compares between questions: a question of other words is covered less", async () => {
    const chatbot = await insertChatbot(db);
    await insertSource(chatbot, ["The warranty lasts seven years."]);
    const coverage = async (question: string) =>
      (await scores(chatbot, question))[0]?.coverage ?? 0;
    const whole = await coverage("How long does the warranty last?");
    const part = await coverage("Which warranty does Apple give on telephones in Brazil?");
    expect(whole).toBeLessThan(1);
    expect(part).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(2 * part);
  });

  describe("of a word that is in most chunks", () => {
    const PUMPS = Array.from({ length: 170 }, (_, number) => `A pump, number ${number}.`);
    let shop: ChatbotRow;
    let pumps: number[];
    beforeAll(async () => {
      shop = await insertChatbot(db);
      const source = await insertSource(shop, [...PUMPS, "The X200 pump.", "The X200 bell."]);
      const chunks = await db.query<{ id: number }>(
        "select id from document_chunks where knowledge_source_id = $1 order by chunk_no",
        [source.id],
      );
      pumps = chunks.slice(0, PUMPS.length).map(({ id }) => id);
    });

    it("takes none for that word alone, and counts it where a rare one is", async () => {
      const [both, rare, ...others] = await scores(shop, "pump X200");
      expect([both?.content, rare?.content, others]).toEqual([
        "The X200 pump.",
        "The X200 bell.",
        [],
      ]);
      expect(both?.coverage).toBeGreaterThan(rare?.coverage ?? 1);
    });

    it("counts it in the chunks that it is told of, and in no other chatbot's", async () => {
      const other = await insertChatbot(db, { organization_id: shop.organization_id });
      await insertSource(other, ["A pump, number 3."]);
      const told = await scores(shop, "pump X200", pumps.slice(3, 4));
      expect(told.map(({ content }) => content)).toEqual([
        "The X200 pump.",
        "The X200 bell.",
        "A pump, number 3.",
      ]);
      expect(told[2]?.coverage).toBeLessThan(0.2);
      expect(await scores(other, "bell", pumps)).toEqual([]);
    });

    it("takes the best 160 when it is all that is asked for", async () => {
      const found = await scores(shop, "pump");
      expect(found).toHaveLength(160);
      expect(found[0]?.content).toBe("The X200 pump.");
    });
  });

  it("finds a chunk by its headings", async () => {
    const chatbot = await insertChatbot(db);
    const source = await insertKnowledgeSource(db, { chatbot_id: chatbot.id });
    await insertDocumentChunk(db, {
      knowledge_source_id: source.id,
      content: "14 days.",
      heading_path: ["Shop", "Refunds"],
    });
    expect(await found(chatbot, "refund")).toEqual(["14 days."]);
  });

  it("sees live versions only", async () => {
    const chatbot = await insertChatbot(db);
    const source = await insertSource(chatbot, ["pump one"], { live_version: 1 });
    const next = { knowledge_source_id: source.id, version: 2, content: "pump two" };
    await insertDocumentChunk(db, next);
    expect(await found(chatbot, "pump")).toEqual(["pump one"]);
    await db.query("update knowledge_sources set live_version = 2 where id = $1", [source.id]);
    expect(await found(chatbot, "pump")).toEqual(["pump two"]);
  });

  it("shows nothing of another chatbot or organization", async () => {
    const mine = await insertChatbot(db);
    const sibling = await insertChatbot(db, { organization_id: mine.organization_id });
    const theirs = await insertChatbot(db);
    for (const chatbot of [mine, sibling, theirs]) await insertSource(chatbot, ["A pump."]);
    expect(await found(mine, "pump")).toHaveLength(1);
    expect(await found({ ...theirs, organization_id: mine.organization_id }, "pump")).toEqual([]);
  });
});

describe("the lexemes of chunks", () => {
  it("go with their version, their source and their organization", async () => {
    const chatbot = await insertChatbot(db);
    const source = await insertSource(chatbot, ["pump"]);
    await insertDocumentChunk(db, {
      knowledge_source_id: source.id,
      version: 2,
      content: "wheel",
    });
    await insertSource(chatbot, ["bell"]);
    const other = await insertChatbot(db);
    await insertSource(other, ["pump"]);

    await db.query("delete from document_chunks where knowledge_source_id = $1 and version = 1", [
      source.id,
    ]);
    expect(await lexemesLeft(chatbot)).toEqual(["bell", "wheel"]);
    await db.query("delete from knowledge_sources where id = $1", [source.id]);
    expect(await lexemesLeft(chatbot)).toEqual(["bell"]);
    await db.query("delete from organizations where id = $1", [chatbot.organization_id]);
    expect(await lexemesLeft(chatbot)).toEqual([]);
    expect(await lexemesLeft(other)).toEqual(["pump"]); // control
  });

  it("of those that stay are kept when one chunk goes", async () => {
    const chatbot = await insertChatbot(db);
    await insertSource(chatbot, ["pump", "pump wheel"]);
    await db.query("delete from document_chunks where chatbot_id = $1 and content = 'pump'", [
      chatbot.id,
    ]);
    expect(await found(chatbot, "pump")).toEqual(["pump wheel"]);
  });
});
