import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { startModelsAndClient } from "./client.ts";

const MODEL = "text-embedding-3-small";

describe("POST /v1/embeddings", () => {
  it("answers the client's own base64 and plain floats alike", async () => {
    const { openai } = await startModelsAndClient();
    const input = ["The frame warranty is 7 years.", "Delivery costs 14 euros."];
    const packed = await openai.embeddings.create({ model: MODEL, input });
    const plain = await openai.embeddings.create({ model: MODEL, input, encoding_format: "float" });
    expect(packed.data.map((entry) => entry.index)).toEqual([0, 1]);
    for (const [index, { embedding }] of packed.data.entries()) {
      expect(embedding).toHaveLength(1_536);
      expect(embedding).toEqual([...Float32Array.from(plain.data[index]?.embedding ?? [])]);
    }
    expect(packed.usage.total_tokens).toBeGreaterThan(0);
  });

  it("answers in the dimensions that were asked for", async () => {
    const { openai } = await startModelsAndClient();
    const answer = await openai.embeddings.create({
      model: MODEL,
      input: "Hello",
      dimensions: 256,
    });
    expect(answer.data[0]?.embedding).toHaveLength(256);
  });

  it("takes 2,048 inputs and not one more", async () => {
    const { openai } = await startModelsAndClient();
    const most = await openai.embeddings.create({
      model: MODEL,
      input: Array.from({ length: 2_048 }, (_, n) => `text ${n}`),
      dimensions: 8,
    });
    expect(most.data).toHaveLength(2_048);
    const tooMany = openai.embeddings.create({ model: MODEL, input: Array(2_049).fill("text") });
    await expect(tooMany).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it.each([
    ["an empty text", { model: MODEL, input: "" }, 400],
    ["an empty text among others", { model: MODEL, input: ["a", ""] }, 400],
    ["a text that is too long", { model: MODEL, input: "x".repeat(40_000) }, 400],
    ["more dimensions than the model has", { model: MODEL, input: "a", dimensions: 1_537 }, 400],
    ["another model", { model: "text-embedding-9", input: "a" }, 404],
  ])("refuses %s", async (_what, body, status) => {
    const { openai } = await startModelsAndClient();
    await expect(openai.embeddings.create(body)).rejects.toMatchObject({ status });
  });

  it("fails when a test ordered it, and spares the chat", async () => {
    const { openai, models } = await startModelsAndClient();
    models.failNext({ kind: "error", status: 503 }, { call: "embeddings" });
    const messages = [{ role: "user" as const, content: "Hello" }];
    await expect(
      openai.chat.completions.create({ model: "offline-1", messages }),
    ).resolves.toBeDefined();
    const call = () => openai.embeddings.create({ model: MODEL, input: "a" });
    await expect(call()).rejects.toMatchObject({ status: 503 });
    await expect(call()).resolves.toBeDefined();
    expect(models.requests.embeddings).toHaveLength(2);
  });
});
