import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { extractDocument } from "../../../f/knowledge/extract_document.ts";
import { main as processDocument } from "../../../f/knowledge/process_document.ts";
import { main as search } from "../../../f/knowledge/search.ts";
import { main as uploadDocument } from "../../../f/knowledge/upload_document.ts";
import { EmbeddingPace } from "../../../f/platform/embedding_pace.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertChatbot } from "../../helpers/records.ts";

const JOB = "018f0000-0000-7000-8000-000000000001";

const windmill = vi.hoisted(() => ({
  files: new Map<string, Uint8Array>(),
  openai: { api_key: "sk-test", base_url: "" },
  startedWith: [] as unknown[][],
  progress: [] as number[],
}));
vi.mock("windmill-client", () => ({
  ApiError: Error,
  VariableService: { getVariableValue: async () => "" },
  getVariable: async () => "text-embedding-3-small",
  getResource: async () => windmill.openai,
  writeS3File: async ({ s3 }: { s3: string }, content: Blob) =>
    windmill.files.set(s3, new Uint8Array(await content.arrayBuffer())),
  HelpersService: {
    loadFileMetadata: async ({ fileKey }: { fileKey: string }) => ({
      size_in_bytes: windmill.files.get(fileKey)?.length,
    }),
  },
  loadS3File: async ({ s3 }: { s3: string }) => windmill.files.get(s3),
  setProgress: async (percent: number) => windmill.progress.push(percent),
  runScriptByPathAsync: async (...call: unknown[]) => {
    windmill.startedWith.push(call);
    return JOB;
  },
}));

// here process_document.ts is no program that a Bun could run again
vi.mock("../../../f/knowledge/extraction_process.ts", async (importActual) => ({
  ...(await importActual<object>()),
  extractInProcess: () => extractDocument,
}));

describe("the knowledge scripts, as Windmill runs them", () => {
  let db: TestDatabase;
  let models: ModelsStandIn;
  beforeAll(async () => {
    db = await createTestDatabase();
    models = await startModels({ port: 0, apiKey: "sk-test" });
    windmill.openai.base_url = models.baseUrl;
  });
  afterAll(async () => {
    await models.stop();
    await db.close();
  });
  beforeEach(() => {
    windmill.startedWith.length = 0;
  });

  it("upload, process and search a text", async () => {
    const { id } = await insertChatbot(db);
    const resource = db.resource("chatbot_app");
    const file = Buffer.from("The frame warranty lasts seven years.").toString("base64");
    const uploaded = await uploadDocument(id, "text", "Handbook", resource, file);
    expect(uploaded).toEqual({
      knowledge_source_id: expect.any(String),
      status: "pending",
      job_id: JOB,
    });
    expect(windmill.startedWith).toEqual([
      [
        "f/knowledge/process_document",
        { knowledge_source_id: uploaded.knowledge_source_id, db: "$res:f/platform/postgres" },
      ],
    ]);

    const pace = vi.spyOn(EmbeddingPace.prototype, "take");
    expect(await processDocument(uploaded.knowledge_source_id, resource)).toMatchObject({
      outcome: "ready",
      chunks: 1,
    });
    expect(pace.mock.calls).toEqual([[["The frame warranty lasts seven years."]]]);
    pace.mockRestore();
    expect(windmill.progress.at(-1)).toBe(100);

    expect(await search(id, "How long is the frame warranty?", resource)).toEqual([
      {
        rank: 1,
        fused_rank: 1,
        vector_rank: 1,
        text_rank: 1,
        score: expect.any(Number),
        distance: expect.any(Number),
        source: "Handbook",
        url: null,
        page: null,
        heading: "",
        passage: "The frame warranty lasts seven years.",
      },
    ]);
    expect(await search(id, "Who won the chess championship?", resource)).toEqual([]);
  });

  it("show each rank of a passage as what it is", async () => {
    const { id } = await insertChatbot(db, { max_distance: 2 });
    const resource = db.resource("chatbot_app");
    for (const passage of ["The frame warranty lasts seven years.", "Brakes wear out."]) {
      const file = Buffer.from(passage).toString("base64");
      const { knowledge_source_id } = await uploadDocument(id, "text", passage, resource, file);
      await processDocument(knowledge_source_id, resource);
    }
    expect(await search(id, "frame warranty", resource)).toMatchObject([
      {
        rank: 1,
        fused_rank: 1,
        vector_rank: 1,
        text_rank: 1,
        passage: expect.stringMatching("frame"),
      },
      { rank: 2, fused_rank: 2, vector_rank: 2, text_rank: null, passage: "Brakes wear out." },
    ]);
  });

  it.each([
    ["a record", { s3: "windmill_uploads/hours.txt" }],
    ["an address", "s3:///windmill_uploads/hours.txt"],
  ] as const)("upload a file of the object storage that is given as %s", async (_what, file) => {
    windmill.files.set("windmill_uploads/hours.txt", Buffer.from("We open at nine."));
    const { id } = await insertChatbot(db);
    const resource = db.resource("chatbot_app");
    const uploaded = await uploadDocument(
      id,
      "text",
      "Hours",
      resource,
      undefined,
      undefined,
      file,
    );
    expect(await processDocument(uploaded.knowledge_source_id, resource)).toMatchObject({
      outcome: "ready",
    });
  });

  it("wait for the provider's next minute before a document fails", async () => {
    const { id } = await insertChatbot(db);
    const resource = db.resource("chatbot_app");
    const file = Buffer.from("We open at nine.").toString("base64");
    const { knowledge_source_id } = await uploadDocument(id, "text", "Hours", resource, file);
    const fault = { kind: "error", status: 429, retryAfterSeconds: 57 } as const;
    models.failNext(fault, { call: "embeddings" });
    const { setTimeout } = globalThis;
    const waits: number[] = [];
    // of all that the process waits for, only this passes at once
    vi.stubGlobal("setTimeout", (work: () => void, ms?: number) => {
      if (ms !== 57_000) return setTimeout(work, ms);
      waits.push(ms);
      return setTimeout(work, 0);
    });
    try {
      const result = await processDocument(knowledge_source_id, resource);
      expect(result).toMatchObject({ outcome: "ready" });
    } finally {
      vi.unstubAllGlobals();
    }
    expect(waits).toEqual([57_000]);
  });

  it("say that a chatbot does not exist", async () => {
    const resource = db.resource("chatbot_app");
    await expect(search(JOB, "anything", resource)).rejects.toMatchObject({
      name: "ChatbotNotFoundError",
    });
  });
});
