import { describe, expect, it } from "vitest";
import { ToolArgumentsError } from "../../../../f/chat/agent/types.ts";
import { searchKnowledgeBase } from "../../../../f/chat/tools/search_knowledge_base.ts";

const signal = new AbortController().signal;
const passage = (content: string, page: number | null = 2) => ({
  sourceName: "Handbook.pdf",
  page,
  content,
});

describe("search_knowledge_base", () => {
  it("returns passages with their source and page, and what may be cited", async () => {
    const asked: string[] = [];
    const tool = searchKnowledgeBase(async (question) => {
      asked.push(question);
      return [passage("Open 9-17."), passage("Closed on Sunday.", null)];
    });
    const result = await tool.run({ question: " When do you open? " }, signal);
    expect(asked).toEqual(["When do you open?"]);
    expect(JSON.parse(result.text)).toEqual({
      passages: [
        { source: "Handbook.pdf", page: 2, content: "Open 9-17." },
        { source: "Handbook.pdf", page: null, content: "Closed on Sunday." },
      ],
    });
    expect(result.sources).toEqual([
      { name: "Handbook.pdf", page: 2 },
      { name: "Handbook.pdf", page: null },
    ]);
  });

  it("says so when nothing is found", async () => {
    const result = await searchKnowledgeBase(async () => []).run({ question: "x" }, signal);
    expect(JSON.parse(result.text)).toEqual({ passages: [], note: expect.any(String) });
    expect(result.sources).toEqual([]);
  });

  it("leaves whole passages out rather than tearing one", async () => {
    const tool = searchKnowledgeBase(async () => Array(20).fill(passage("x".repeat(1_000))));
    const result = await tool.run({ question: "x" }, signal);
    expect(JSON.parse(result.text).passages).toHaveLength(10);
  });

  it.each([[{}], [{ question: "" }], [{ question: 7 }], [null], ["x"]])(
    "takes no arguments such as %j",
    async (args) => {
      const tool = searchKnowledgeBase(async () => []);
      await expect(tool.run(args, signal)).rejects.toThrow(ToolArgumentsError);
    },
  );

  it("has no argument by which a model could choose the tenant or the chatbot", () => {
    const { parameters } = searchKnowledgeBase(async () => []).definition;
    expect(Object.keys(parameters.properties as object)).toEqual(["question"]);
  });
});
