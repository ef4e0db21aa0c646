import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as wmill from "windmill-client";
import { chatModelFor } from "../../../f/platform/chat_model.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { asking } from "./chat_requests.ts";

vi.mock("windmill-client");

let models: ModelsStandIn;
let elsewhere: ModelsStandIn;
beforeAll(async () => {
  models = await startModels({ port: 0, apiKey: "key" });
  elsewhere = await startModels({ port: 0, apiKey: "key" });
});
afterAll(() => Promise.all([models.stop(), elsewhere.stop()]));

beforeEach(() => {
  const resources: Record<string, unknown> = {
    "f/platform/openai": { api_key: "key", base_url: models.baseUrl },
    "f/platform/google": { api_key: "key", base_url: models.geminiUrl },
    "f/platform/at_home": { api_key: "key", base_url: elsewhere.baseUrl },
    "f/platform/postgres": { password: "s3cret", host: "db" },
  };
  vi.mocked(wmill.getResource).mockReset();
  vi.mocked(wmill.getResource).mockImplementation(async (path) => resources[path ?? ""]);
});

const asked = () => ({
  chat: models.requests.chat.length,
  responses: models.requests.responses.length,
  gemini: models.requests.gemini.length,
  elsewhere: elsewhere.requests.chat.length,
});

describe("a model's id", () => {
  it.each([
    ["offline-1", "chat"],
    ["gpt-4.1-mini", "chat"],
    ["a-new-one", "chat"],
    ["gpt-6-luna", "responses"],
    ["openai:gpt-6-luna", "responses"],
    ["gemini-3.8-flash", "gemini"],
    ["google:gemini-4-argon", "gemini"],
    ["at_home:llama3:8b", "elsewhere"],
  ] as const)("%s is asked through %s", async (id, api) => {
    const before = asked();
    const answer = await chatModelFor([id]).answer(asking("Hello"));
    expect(answer).toMatchObject({ kind: "text", model: id });
    expect(asked()).toEqual({ ...before, [api]: before[api] + 1 });
  });

  it("gives a compatible server the name without its provider", async () => {
    await chatModelFor(["at_home:llama3:8b"]).answer(asking("Hello"));
    expect(elsewhere.requests.chat.at(-1)?.model).toBe("llama3:8b");
  });

  it.each(["nowhere:llama", "postgres:llama"])(
    "with an unknown provider, %s, says so and shows nothing of the resource",
    async (id) => {
      const error: unknown = await chatModelFor([id])
        .answer(asking("Hello"))
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "UnknownProviderError", provider: id.split(":")[0] });
      expect(String(error)).not.toContain("s3cret");
    },
  );
});

describe("a chain", () => {
  it("goes on at another provider, asks the first once, and reads no resource it does not need", async () => {
    await chatModelFor(["gpt-6-luna", "nowhere:x"]).answer(asking("Hello"));
    expect(wmill.getResource).toHaveBeenCalledTimes(1);
    models.failNext({ kind: "error", status: 503 }, { call: "responses" });
    models.failNext({ kind: "error", status: 429 }, { call: "gemini" });
    const before = asked();
    const answer = await chatModelFor(["gpt-6-luna", "gemini-3.8-flash", "at_home:llama"]).answer(
      asking("Hello"),
    );
    expect(answer.model).toBe("at_home:llama");
    expect(asked()).toEqual({
      ...before,
      responses: before.responses + 1,
      gemini: before.gemini + 1,
      elsewhere: before.elsewhere + 1,
    });
  });

  it.each<[string, Parameters<ModelsStandIn["failNext"]>[0], string]>([
    ["500", { kind: "error", status: 500 }, "at_home:llama"],
    ["429", { kind: "error", status: 429 }, "at_home:llama"],
    ["a broken connection", { kind: "drop" }, "at_home:llama"],
    ["400", { kind: "error", status: 400 }, "ModelCallError"],
    ["401", { kind: "error", status: 401 }, "ModelCallError"],
  ])(
    "goes on at a compatible server after %s of its first provider, or ends there",
    async (_, fault, end) => {
      models.failNext(fault, { call: "responses" });
      const before = asked();
      const outcome = await chatModelFor(["gpt-6-luna", "at_home:llama"])
        .answer(asking("Hello"))
        .then(
          ({ model }) => model,
          ({ name }) => name,
        );
      expect(outcome).toBe(end);
      const isNext = end === "at_home:llama";
      expect(asked()).toMatchObject({
        responses: before.responses + 1,
        elsewhere: before.elsewhere + (isNext ? 1 : 0),
      });
    },
  );

  it("asks its last model twice", async () => {
    models.failNext({ kind: "error", status: 503 }, { times: 2 });
    expect(await chatModelFor(["offline-1", "gpt-4.1-mini"]).answer(asking("Hello"))).toMatchObject(
      { model: "gpt-4.1-mini" },
    );
  });
});
