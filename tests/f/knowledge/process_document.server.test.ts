import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertChatbot } from "../../helpers/records.ts";
import type { KnowledgeSourceRow } from "../../helpers/rows.ts";
import { base64, type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";

describe("processDocument, several at the same moment", () => {
  let world: KnowledgeWorld;
  beforeAll(async () => {
    world = await startKnowledgeWorld();
  });
  afterAll(() => world.close());

  it("leaves one whole version live, whatever the order", async () => {
    const chatbot = await insertChatbot(world.db);
    const facts = Array.from({ length: 220 }, (_, n) => `Fact ${n}. ${"x ".repeat(450)}`);
    const { knowledge_source_id: id } = await world.upload({
      chatbot_id: chatbot.id,
      source_type: "text",
      name: "Facts",
      file_content: base64(facts.join("\n\n")),
    });

    const results = await Promise.all(Array.from({ length: 4 }, () => world.process(id)));

    expect(results.map(({ outcome }) => outcome)).toContain("ready");
    for (const result of results) expect(result.outcome).toMatch(/^(ready|superseded)$/);
    const [source] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    const chunks = await world.db.query<{ version: number; count: number }>(
      `select version, count(distinct chunk_no) as count from document_chunks
       where knowledge_source_id = $1 group by version`,
      [id],
    );
    expect(source).toMatchObject({ status: "ready", live_version: 4 });
    expect(source?.chunk_count).toBeGreaterThan(220);
    expect(chunks).toEqual([{ version: 4, count: source?.chunk_count }]);
  });

  it("shows a search the old version or the new one, never both or a part", async () => {
    const chatbot = await insertChatbot(world.db);
    const { knowledge_source_id: id } = await world.upload({
      chatbot_id: chatbot.id,
      source_type: "text",
      name: "Prices",
      file_content: base64("Delivery costs 14 euros."),
    });
    await world.process(id);

    let isRunning = true;
    const rebuilding = (async () => {
      for (let run = 0; run < 10; run++) await world.process(id);
      isRunning = false;
    })();
    const seen: number[] = [];
    while (isRunning) seen.push((await world.find(chatbot, "What does delivery cost?")).length);
    await rebuilding;

    expect(new Set(seen)).toEqual(new Set([1]));
  });
});
