import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeReranker, readReranker } from "../../../f/platform/reranker.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";

const windmill = vi.hoisted(() => {
  class ApiError extends Error {
    readonly status: number;
    constructor(status: number) {
      super(`Windmill answered ${status}`);
      this.status = status;
    }
  }
  return { ApiError, variable: undefined as string | undefined, absentStatus: 404 };
});
vi.mock("windmill-client", () => ({
  ApiError: windmill.ApiError,
  VariableService: {
    getVariableValue: async () => {
      if (windmill.variable === undefined) throw new windmill.ApiError(windmill.absentStatus);
      return windmill.variable;
    },
  },
}));

const QUESTION = "How long is the warranty of the frame?";
const DOCUMENTS = [
  "We open at nine.",
  "The frame has a warranty of seven years.",
  "A frame is steel.",
];

describe("makeReranker", () => {
  let models: ModelsStandIn;
  beforeAll(async () => {
    models = await startModels({ port: 0, apiKey: "co-test" });
  });
  afterAll(() => models.stop());
  beforeEach(() => {
    models.requests.rerank.length = 0;
  });

  const reranker = ({ api_key = "co-test", timeoutMs = 60_000 } = {}) =>
    makeReranker({ base_url: models.baseUrl, api_key, model: "rerank-v3.5" }, timeoutMs);

  it("puts the documents into the order of their relevance", async () => {
    expect(await reranker().rank(QUESTION, DOCUMENTS, 2)).toEqual([1, 2]);
    expect(models.requests.rerank).toEqual([
      { model: "rerank-v3.5", query: QUESTION, documents: DOCUMENTS, top_n: 2 },
    ]);
  });

  it("asks for no more than there are", async () => {
    expect(await reranker().rank(QUESTION, DOCUMENTS, 20)).toHaveLength(3);
  });

  it.each([
    ["does not answer in time", { kind: "hang" }, 100],
    ["breaks the connection", { kind: "drop" }, 60_000],
    ["is throttled", { kind: "error", status: 429 }, 60_000],
    ["fails", { kind: "error", status: 500 }, 60_000],
  ] as const)("says so when the service %s", async (_what, fault, timeoutMs) => {
    models.failNext(fault, { call: "rerank" });
    const ranking = reranker({ timeoutMs }).rank(QUESTION, DOCUMENTS, 2);
    await expect(ranking).rejects.toMatchObject({ name: "RerankerError", model: "rerank-v3.5" });
  });

  it("says that a key is wrong, and does not say the key", async () => {
    const ranking = reranker({ api_key: "co-wrong" }).rank(QUESTION, DOCUMENTS, 2);
    await expect(ranking).rejects.toMatchObject({ message: expect.stringContaining("401") });
    await expect(ranking).rejects.not.toMatchObject({ message: expect.stringContaining("wrong") });
  });
});

describe("makeReranker, answered by a service that is wrong", () => {
  let server: Server;
  let body = "";
  beforeAll(async () => {
    server = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const rank = (results: unknown) => {
    body = typeof results === "string" ? results : JSON.stringify({ results });
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return makeReranker({ base_url, api_key: "", model: "m" }).rank(QUESTION, DOCUMENTS, 2);
  };
  const result = (index: unknown, relevance_score: unknown) => ({ index, relevance_score });

  it("takes an order that is not sorted", async () => {
    expect(await rank([result(0, 0.1), result(2, 0.9)])).toEqual([2, 0]);
  });

  it.each([
    ["an index that is not there", [result(0, 0.9), result(3, 0.1)]],
    ["an index below the first", [result(0, 0.9), result(-1, 0.1)]],
    ["half an index", [result(0, 0.9), result(0.5, 0.1)]],
    ["a document twice", [result(1, 0.9), result(1, 0.1)]],
    ["too few", [result(1, 0.9)]],
    ["too many", [result(0, 0.9), result(1, 0.5), result(2, 0.1)]],
    ["a score in words", [result(0, "high"), result(1, 0.1)]],
    ["no results", undefined],
    ["no JSON", "<html>"],
    ["a flood", "x".repeat(2 * 1_024 * 1_024)],
  ])("refuses %s", async (_what, results) => {
    await expect(rank(results)).rejects.toMatchObject({ name: "RerankerError" });
  });
});

describe("readReranker", () => {
  it.each([undefined, "", " "])("has none where the variable is %j", async (variable) => {
    windmill.variable = variable;
    expect(await readReranker()).toBeUndefined();
  });

  it("does not take a Windmill that is away for one that has none", async () => {
    windmill.variable = undefined;
    windmill.absentStatus = 500;
    await expect(readReranker()).rejects.toThrow("500");
    windmill.absentStatus = 404;
  });

  it("has the one that the variable names", async () => {
    windmill.variable = '{"base_url": "https://api.cohere.com/v2", "api_key": "k", "model": "m"}';
    expect(await readReranker()).toMatchObject({ model: "m" });
  });

  it.each(["not JSON", "{}", '{"base_url": "file:///x", "api_key": "k", "model": "m"}'])(
    "has one that fails where the variable is %s",
    async (variable) => {
      windmill.variable = variable;
      const reranker = await readReranker();
      await expect(reranker?.rank(QUESTION, DOCUMENTS, 2)).rejects.toMatchObject({
        name: "RerankerError",
        message: expect.stringContaining("f/platform/reranker"),
      });
    },
  );
});
