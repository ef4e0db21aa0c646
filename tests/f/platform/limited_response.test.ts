import { gzipSync } from "node:zlib";
import express from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { limitedFetch, ResponseTooLargeError } from "../../../f/platform/limited_response.ts";
import { listen } from "../../../local/listen.ts";

let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  const app = express();
  app.get("/small", (_req, res) => res.status(201).json({ ok: true }));
  app.get("/empty", (_req, res) => res.status(204).end());
  app.get("/elsewhere", (_req, res) => res.redirect("/small"));
  app.get("/bomb", (_req, res) => {
    res.set("content-encoding", "gzip").send(gzipSync(Buffer.alloc(1_000_000)));
  });
  server = await listen(app, 0);
});
afterAll(() => server.close());

const get = (path: string) => limitedFetch(10_000)(server.url + path);

it("gives a small answer as it is", async () => {
  const response = await get("/small");
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ ok: true });
  expect((await get("/empty")).status).toBe(204);
});

it("counts what an answer unpacks to", async () => {
  await expect(get("/bomb")).rejects.toThrow(ResponseTooLargeError);
});

it("follows no redirect, which might take a token to another host", async () => {
  await expect(get("/elsewhere")).rejects.toThrow();
});
