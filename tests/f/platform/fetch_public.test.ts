import { spawn } from "node:child_process";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveBunBinary } from "../../../local/windmill/bun_binary.ts";
import { eventually } from "../../helpers/eventually.ts";
import type { FetchAnswer, FetchRequest } from "./fetch_public_probe.ts";

const PROBE = fileURLToPath(new URL("fetch_public_probe.ts", import.meta.url));
const MIB = 1024 * 1024;

let server: Server;
let hits: string[] = [];
let closedStreams = 0;
let flooded = 0;

/** As fast as the socket takes it; it ends at 512 MB, so that the machine survives a client that takes everything. */
function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1_024, "x");
  while (!response.destroyed && flooded < 512 * MIB) {
    flooded += chunk.length;
    if (!response.write(chunk)) return void response.once("drain", () => flood(response));
  }
}

const pages: RequestListener = async (request, response) => {
  hits.push(`${request.method} ${request.url}`);
  switch (request.url) {
    case "/echo": {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.writeHead(201, { "content-type": "text/plain", "x-answer": "yes" });
      return response.end(`${request.method} ${request.headers["x-api-key"]} ${body}`);
    }
    case "/stream":
      response.on("close", () => closedStreams++);
      response.writeHead(200, { "content-type": "text/event-stream" });
      return response.write("data: one\n\n");
    case "/bomb":
      response.writeHead(200, { "content-encoding": "gzip" });
      return response.end(gzipSync(Buffer.alloc(8 * MIB)));
    case "/flood":
      flooded = 0;
      return flood(response.writeHead(200));
    case "/cut":
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      return setTimeout(() => response.destroy(), 50);
    case "/hang-up":
      return request.socket.destroy();
    case "/elsewhere":
      return response.writeHead(307, { location: "http://169.254.169.254/" }).end();
    case "/none":
      return response.writeHead(204).end();
    default:
      return;
  }
};

const origin = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = createServer(pages);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const runtimes = {
  node: [process.execPath, "--import", "tsx", PROBE],
  "bun 1.3.10": [resolveBunBinary(), PROBE],
};

describe.each(Object.entries(runtimes))("publicFetch on %s", (_name, [program = "", ...args]) => {
  let ask: (request: FetchRequest) => Promise<FetchAnswer>;
  let stop: () => void;

  beforeAll(() => {
    const probe = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const answers = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
    ask = async (request) => {
      probe.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse((await answers.next()).value) as FetchAnswer;
    };
    stop = () => probe.kill();
  });
  afterAll(() => stop());

  const limits = { maxBytes: MIB, headersTimeoutMs: 60_000, totalTimeoutMs: 60_000 };
  const policy = () => ({ allowedPrivateOrigins: [origin()], ownNetworks: [] });
  const fetch = (path: string, rest: Omit<FetchRequest, "url" | "options"> = {}, change = {}) =>
    ask({
      url: `http://${origin()}${path}`,
      options: { ...limits, policy: policy(), ...change },
      ...rest,
    });

  it("sends method, headers and body, and gives back status, headers and body", async () => {
    const init = { method: "POST", headers: { "X-Api-Key": "k" }, body: "größe" };
    expect(await fetch("/echo", { init })).toMatchObject({
      outcome: "read",
      status: 201,
      headers: { "x-answer": "yes" },
      body: "POST k größe",
    });
  });

  it("hands on a stream's first bytes while the server goes on, and lets go when it is aborted", async () => {
    const before = closedStreams;
    expect(await fetch("/stream", { firstOnly: true })).toMatchObject({ body: "data: one\n\n" });
    await eventually(() => expect(closedStreams).toBe(before + 1));
  });

  it("refuses a private address, and reaches it when the installation allows it", async () => {
    hits = [];
    const nowhere = { policy: { allowedPrivateOrigins: [], ownNetworks: [] } };
    expect(await fetch("/none", {}, nowhere)).toMatchObject({ error: "UrlNotAllowedError" });
    const named = { url: "http://127.0.0.1/none", options: { ...limits, ...nowhere } };
    expect(await ask(named)).toMatchObject({ error: "AddressNotPublicError" });
    expect(hits).toEqual([]);
    expect(await fetch("/none")).toMatchObject({ status: 204, body: "" });
  });

  it("follows no redirect", async () => {
    expect(await fetch("/elsewhere")).toMatchObject({
      status: 307,
      headers: { location: "http://169.254.169.254/" },
    });
  });

  it("counts bytes after decompression and stops at the limit", async () => {
    expect(await fetch("/bomb")).toMatchObject({
      error: "ResponseTooLargeError",
      bodyErrors: ["GET ResponseTooLargeError"],
    });
    const roomy = await fetch("/bomb", { firstOnly: true }, { maxBytes: 9 * MIB });
    expect(roomy).toMatchObject({ outcome: "read" });
  });

  it("takes in no more than a limit's worth while its thread is busy with something else", async () => {
    const answer = await fetch("/flood", { busyMs: 300 });
    expect(answer).toMatchObject({ error: "ResponseTooLargeError" });
    // the limit in bytes on the wire, and what the system keeps for a socket
    expect(flooded).toBeLessThan(32 * MIB);
  });

  it("says that a body broke off", async () => {
    expect(await fetch("/cut")).toMatchObject({
      error: "ConnectionFailedError",
      bodyErrors: ["GET ConnectionFailedError"],
    });
  });

  it("gives up on headers that do not come and on a stream that does not end", async () => {
    const short = { headersTimeoutMs: 100 };
    expect(await fetch("/silent", {}, short)).toMatchObject({ error: "HttpTimeoutError" });
    const total = { totalTimeoutMs: 300 };
    expect(await fetch("/stream", {}, total)).toMatchObject({ error: "HttpTimeoutError" });
  });

  it("does not repeat a POST whose connection broke", async () => {
    await fetch("/none"); // a connection that could be used again
    hits = [];
    const init = { method: "POST", body: "{}" };
    expect(await fetch("/hang-up", { init })).toMatchObject({ error: "ConnectionFailedError" });
    expect(hits).toEqual(["POST /hang-up"]);
  });
});
