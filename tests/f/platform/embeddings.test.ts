import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EmbeddingPace } from "../../../f/platform/embedding_pace.ts";
import { DOCUMENT_RETRIES, openAiEmbeddings } from "../../../f/platform/embeddings.ts";
import { makeOpenAiClient } from "../../../f/platform/openai.ts";
import type { RetryPlan } from "../../../f/platform/retry.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";

const MODEL = "text-embedding-3-small";

describe("openAiEmbeddings", () => {
  let models: ModelsStandIn;
  let waits: number[];
  beforeAll(async () => {
    models = await startModels({ port: 0, apiKey: "sk-test" });
  });
  afterAll(() => models.stop());
  beforeEach(() => {
    waits = [];
    models.requests.embeddings.length = 0;
  });

  const embeddings = ({
    apiKey = "sk-test",
    model = MODEL,
    timeoutMs = 60_000,
    retries = { attempts: 3, firstWaitMs: 100, longestWaitMs: 20_000 },
    pace,
  }: {
    apiKey?: string;
    model?: string;
    timeoutMs?: number;
    retries?: RetryPlan;
    pace?: EmbeddingPace;
  } = {}) =>
    openAiEmbeddings(
      makeOpenAiClient({ apiKey, baseUrl: models.baseUrl, timeoutMs }),
      model,
      retries,
      { random: () => 0, sleep: async (ms) => void waits.push(ms) },
      pace,
    );

  it("returns a vector of 1,536 numbers for each text, in order, and the tokens", async () => {
    const texts = ["We open at nine.", "Refunds take 14 days."];
    const both = await embeddings().embed(texts);
    expect(both.vectors.map((vector) => vector.length)).toEqual([1_536, 1_536]);
    expect(both.tokens).toBeGreaterThan(0);
    expect((await embeddings().embed(texts.slice(1))).vectors[0]).toEqual(both.vectors[1]);
    expect(both.vectors[0]).not.toEqual(both.vectors[1]);
  });

  it("asks for a hundred at a time", async () => {
    const texts = Array.from({ length: 250 }, (_, n) => `text ${n}`);
    expect((await embeddings().embed(texts)).vectors).toHaveLength(250);
    expect(models.requests.embeddings.map(({ input }) => input.length)).toEqual([100, 100, 50]);
  });

  it("asks nothing when there is nothing to embed", async () => {
    expect(await embeddings().embed([])).toEqual({ vectors: [], tokens: 0 });
    expect(models.requests.embeddings).toEqual([]);
  });

  it.each([
    ["a server error", { kind: "error", status: 503 }],
    ["a throttle", { kind: "error", status: 429 }],
    ["a broken connection", { kind: "drop" }],
  ] as const)("tries again after %s", async (_what, fault) => {
    models.failNext(fault, { call: "embeddings", times: 2 });
    expect((await embeddings().embed(["We open at nine."])).vectors).toHaveLength(1);
    expect(waits).toEqual([50, 100]);
  });

  it("asks its pace before every try", async () => {
    const slept: number[] = [];
    let now = 0;
    const pace = new EmbeddingPace(
      { requests: 1, tokens: 1_000_000 },
      {
        now: () => now,
        sleep: async (ms) => {
          slept.push(ms);
          now += ms;
        },
      },
    );
    models.failNext({ kind: "error", status: 503 }, { call: "embeddings" });
    await embeddings({ pace }).embed(["We open at nine."]);
    expect(slept).toEqual([60_000]);
  });

  it("waits as long as it is told", async () => {
    const fault = { kind: "error", status: 429, retryAfterSeconds: 7 } as const;
    models.failNext(fault, { call: "embeddings" });
    await embeddings().embed(["We open at nine."]);
    expect(waits).toEqual([7_000]);
  });

  it("gives up when it would have to wait too long", async () => {
    const fault = { kind: "error", status: 429, retryAfterSeconds: 60 } as const;
    models.failNext(fault, { call: "embeddings" });
    await expect(embeddings().embed(["We open at nine."])).rejects.toMatchObject({
      name: "ModelCallError",
      status: 429,
      retryAfterMs: 60_000,
    });
    expect(waits).toEqual([]);
  });

  it("waits out a whole minute of the provider's limit for a document", async () => {
    const fault = { kind: "error", status: 429, retryAfterSeconds: 60 } as const;
    models.failNext(fault, { call: "embeddings" });
    const { vectors } = await embeddings({ retries: DOCUMENT_RETRIES }).embed(["We open at nine."]);
    expect(vectors).toHaveLength(1);
    expect(waits).toEqual([60_000]);
  });

  it("gives up after the last attempt", async () => {
    models.failNext({ kind: "error", status: 500 }, { call: "embeddings", times: 3 });
    await expect(embeddings().embed(["We open at nine."])).rejects.toMatchObject({ status: 500 });
    expect(waits).toHaveLength(2);
  });

  it.each([
    ["a wrong key", { apiKey: "sk-other" }, 401],
    ["an unknown model", { model: "no-such-model" }, 404],
  ])("does not try again with %s", async (_what, settings, status) => {
    await expect(embeddings(settings).embed(["We open at nine."])).rejects.toMatchObject({
      name: "ModelCallError",
      status,
      isRetryable: false,
    });
    expect(waits).toEqual([]);
  });

  it("does not wait for money that is not there", async () => {
    const fault = { kind: "error", status: 429, code: "insufficient_quota" } as const;
    models.failNext(fault, { call: "embeddings" });
    await expect(embeddings().embed(["We open at nine."])).rejects.toMatchObject({
      code: "insufficient_quota",
      isRetryable: false,
    });
  });

  it("takes silence for a failure that may pass", async () => {
    models.failNext({ kind: "hang" }, { call: "embeddings", times: 3 });
    await expect(embeddings({ timeoutMs: 100 }).embed(["We open at nine."])).rejects.toMatchObject({
      status: undefined,
      isRetryable: true,
    });
  });
});

describe("openAiEmbeddings, answered by a provider that is wrong or odd", () => {
  let server: Server;
  let data: { index: number; embedding: string }[] = [];
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ data, usage: { total_tokens: 9 } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const entry = (index: number, first: number, size = 1_536) => {
    const vector = new Float32Array(size).fill(first, 0, 1);
    return { index, embedding: Buffer.from(vector.buffer).toString("base64") };
  };
  const embed = (entries: typeof data) => {
    data = entries;
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = makeOpenAiClient({ apiKey: "sk-test", baseUrl, timeoutMs: 60_000 });
    return openAiEmbeddings(client, MODEL).embed(["first", "second"]);
  };

  it("takes each vector for the text whose number it has", async () => {
    const { vectors } = await embed([entry(1, 0.5), entry(0, 0.25)]);
    expect(vectors.map(([first]) => first)).toEqual([0.25, 0.5]);
  });

  it.each([
    ["too few vectors", [entry(0, 1)], "1 vectors came back"],
    ["too many", [entry(0, 1), entry(1, 1), entry(2, 1)], "3 vectors came back"],
    ["another size", [entry(0, 1), entry(1, 1, 768)], "768 numbers instead of 1536"],
  ])("refuses %s, and does not ask again", async (_what, entries, message) => {
    await expect(embed(entries)).rejects.toMatchObject({
      name: "ModelCallError",
      message: expect.stringContaining(message),
      isRetryable: false,
    });
  });
});
