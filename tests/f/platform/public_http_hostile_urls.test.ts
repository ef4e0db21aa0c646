import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { resolveBunBinary } from "../../../local/windmill/bun_binary.ts";
import { HOSTILE_URLS, LOOPBACK_HOSTS, LOOPBACK_NAMES, NAMES } from "./hostile_urls.ts";
import type { ProbeAnswer, ProbeRequest } from "./public_http_probe.ts";

const PROBE = fileURLToPath(new URL("public_http_probe.ts", import.meta.url));
const NOWHERE = { allowedPrivateOrigins: [], ownNetworks: [] };

/** What must stay out of reach, and how often it was reached; /redirect?to=… leads wherever it is told to. */
let listener: Server;
let hits = 0;
const port = () => (listener.address() as AddressInfo).port;

beforeAll(async () => {
  listener = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://listener.test");
    if (pathname === "/redirect") {
      return response.writeHead(302, { location: searchParams.get("to") ?? "" }).end();
    }
    hits++;
    return response.end("secret");
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  listener.closeAllConnections();
  listener.close();
});
beforeEach(() => {
  hits = 0;
});

const runtimes = {
  node: [process.execPath, "--import", "tsx", PROBE],
  "bun 1.3.10": [resolveBunBinary(), PROBE],
};

/** A header takes nothing else. */
const redirectable = HOSTILE_URLS.filter(({ url }) => /^[\x21-\x7e]+$/.test(url)).filter(
  // a Location may be relative: these are not hostile there
  ({ url }) => !url.startsWith("//") && !url.startsWith("http:127"),
);

describe.each(Object.entries(runtimes))("getPublicUrl on %s", (_name, [program = "", ...args]) => {
  let ask: (url: string, allowed?: readonly string[]) => Promise<ProbeAnswer>;
  let stop: () => void;

  beforeAll(() => {
    const probe = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const answers = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
    ask = async (url, allowed = []) => {
      const policy = { ...NOWHERE, allowedPrivateOrigins: allowed };
      const options = { policy, maxBytes: 1_024, connectTimeoutMs: 2_000 };
      const request: ProbeRequest = { url, options, names: NAMES };
      probe.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse((await answers.next()).value) as ProbeAnswer;
    };
    stop = () => probe.kill();
  });
  afterAll(() => stop());

  it.each(HOSTILE_URLS)("refuses $url: $because", async ({ url, error, because }) => {
    const message = expect.stringContaining(because);
    expect(await ask(url)).toMatchObject({ outcome: "failed", error, message });
    expect(hits).toBe(0);
  });

  it.each(redirectable)("refuses a redirect to $url: $because", async ({ url, error, because }) => {
    const origin = `127.0.0.1:${port()}`;
    const redirect = `http://${origin}/redirect?to=${encodeURIComponent(url)}`;
    const message = expect.stringContaining(because);
    expect(await ask(redirect, [origin])).toMatchObject({ outcome: "failed", error, message });
    expect(hits).toBe(0);
  });

  it.each([
    ...LOOPBACK_HOSTS.map((host) => ({ host, allowed: "127.0.0.1" })),
    ...LOOPBACK_NAMES.map((host) => ({
      host,
      allowed: host.includes("nip") ? "127.0.0.1.nip.test" : "localhost",
    })),
  ])(
    "reaches the listener as $host once that is allowed, and not before",
    async ({ host, allowed }) => {
      const url = `http://${host}:${port()}/secret`;
      expect(await ask(url)).toMatchObject({ error: "UrlNotAllowedError" });
      expect(hits).toBe(0);
      expect(await ask(url, [`${allowed}:${port()}`])).toMatchObject({ body: "secret" });
      expect(hits).toBe(1);
    },
  );

  it("follows a redirect inside once that is allowed", async () => {
    const origin = `127.0.0.1:${port()}`;
    const inside = encodeURIComponent(`http://localhost:${port()}/secret`);
    const url = `http://${origin}/redirect?to=${inside}`;
    expect(await ask(url, [origin, `localhost:${port()}`])).toMatchObject({ body: "secret" });
    expect(hits).toBe(1);
  });
});
