import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getPublicUrl } from "../../../f/platform/public_http.ts";
import { resolveBunBinary } from "../../../local/windmill/bun_binary.ts";
import type { ProbeAnswer, ProbeRequest } from "./public_http_probe.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const PROBE = fileURLToPath(new URL("public_http_probe.ts", import.meta.url));

/** A public address by number to which no route exists: IANA has given 2d00::/8 to nobody. */
const UNREACHABLE = "2d00::1";
const NOWHERE = { allowedPrivateOrigins: [], ownNetworks: [] };

const MIB = 1024 * 1024;

const pages: RequestListener = (request, response) => {
  switch (request.url?.split("?")[0]) {
    case "/redirect-inside":
      return response.writeHead(302, { location: `http://127.0.0.1:${innerPort()}/secret` }).end();
    case "/redirect-once":
      return response.writeHead(301, { location: "/page" }).end();
    case "/redirect-for-ever":
      return response.writeHead(302, { location: "/redirect-for-ever" }).end();
    case "/redirect-to-file":
      return response.writeHead(302, { location: "file:///etc/passwd" }).end();
    case "/gzip":
      return response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("zipped"));
    case "/br":
      return response
        .writeHead(200, { "content-encoding": "br" })
        .end(brotliCompressSync("zipped"));
    case "/deflate":
      return response.writeHead(200, { "content-encoding": "deflate" }).end(deflateSync("zipped"));
    case "/bomb":
      return response
        .writeHead(200, { "content-encoding": "gzip" })
        .end(gzipSync(Buffer.alloc(64 * MIB)));
    case "/broken-gzip":
      return response.writeHead(200, { "content-encoding": "gzip" }).end("this is not gzip");
    case "/endless": {
      const chunk = Buffer.alloc(65_536, "x");
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pour);
      return pour();
    }
    case "/drip": {
      const timer = setInterval(() => response.write("x"), 20);
      return response.on("close", () => clearInterval(timer));
    }
    case "/silent":
      return;
    case "/cut":
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      return setTimeout(() => response.destroy(), 50);
    case "/missing":
      return response.writeHead(404).end("no such page");
    default:
      return response
        .writeHead(200, { "content-type": 'Text/HTML; Charset="ISO-8859-1"' })
        .end(`read as ${request.headers.host}`);
  }
};

/** What must stay out of reach, and whether it was reached. */
let inner: Server;
let innerHits = 0;
let outer: Server;
let secure: Server;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const innerPort = () => portOf(inner);

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

beforeAll(async () => {
  inner = await listening(
    createServer((_request, response) => {
      innerHits++;
      response.end("secret");
    }),
  );
  outer = await listening(createServer(pages));
  const key = readFileSync(fixture("page.test.key.pem"));
  secure = await listening(
    createTlsServer({ key, cert: readFileSync(fixture("page.test.pem")) }, pages),
  );
});

afterAll(() => {
  for (const server of [inner, outer, secure]) {
    server.closeAllConnections();
    server.close();
  }
});

const runtimes = {
  node: [process.execPath, "--import", "tsx", PROBE],
  "bun 1.3.10": [resolveBunBinary(), PROBE],
};

describe.each(Object.entries(runtimes))("getPublicUrl on %s", (_name, [program = "", ...args]) => {
  let ask: (request: ProbeRequest) => Promise<ProbeAnswer>;
  let stop: () => void;

  beforeAll(() => {
    const probe = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: fixture("authority.pem") },
    });
    const answers = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
    ask = async (request) => {
      probe.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse((await answers.next()).value) as ProbeAnswer;
    };
    stop = () => probe.kill();
  });
  afterAll(() => stop());

  /** From the outer server, which the installation allows, as if it were on the Internet. */
  const get = (path: string, options: Partial<ProbeRequest["options"]> = {}) =>
    ask({
      url: `http://127.0.0.1:${portOf(outer)}${path}`,
      options: { policy: allow(`127.0.0.1:${portOf(outer)}`), maxBytes: MIB, ...options },
    });
  const allow = (...allowedPrivateOrigins: string[]) => ({ ...NOWHERE, allowedPrivateOrigins });

  describe("keeps URLs from outside away from what is inside", () => {
    /** Each reaches the inner listener when its host:port is allowed. */
    const waysInside = (): [string, { host: string; request: ProbeRequest }][] => {
      const port = innerPort();
      const request = (host: string, names?: ProbeRequest["names"]) => {
        const url = `http://${host}:${port}/secret`;
        return {
          host: `${host}:${port}`,
          request: {
            url,
            options: { policy: NOWHERE, maxBytes: MIB },
            ...(names ? { names } : {}),
          },
        };
      };
      return [
        ["an address of this machine", request("127.0.0.1")],
        ["a name that the system resolves to this machine", request("localhost")],
        [
          "a name that DNS resolves to this machine",
          request("page.test", { "page.test": [["127.0.0.1"]] }),
        ],
        [
          "a name with one public and one private address",
          request("page.test", { "page.test": [[UNREACHABLE, "127.0.0.1"]] }),
        ],
        [
          "an IPv4 address inside an IPv6 one",
          request("page.test", { "page.test": [["::ffff:127.0.0.1"]] }),
        ],
      ];
    };

    it.each([0, 1, 2, 3, 4])("refuses way %i and reaches it when it is allowed", async (index) => {
      const [way, { host, request }] = waysInside()[index] as ReturnType<typeof waysInside>[0];
      const onPort80 = { ...request, url: `http://${host.split(":")[0]}/secret` };
      innerHits = 0;

      expect([way, await ask(onPort80)]).toMatchObject([way, { error: "AddressNotPublicError" }]);
      expect([way, await ask(request)]).toMatchObject([way, { error: "UrlNotAllowedError" }]);
      expect(innerHits).toBe(0);

      const allowed = { ...request, options: { policy: allow(host), maxBytes: MIB } };
      expect([way, await ask(allowed)]).toMatchObject([way, { body: "secret" }]);
      expect(innerHits).toBe(1);
    });

    it("refuses a redirect inside and follows it when it is allowed", async () => {
      innerHits = 0;
      expect(await get("/redirect-inside")).toMatchObject({ outcome: "failed" });
      expect(innerHits).toBe(0);

      const policy = allow(`127.0.0.1:${portOf(outer)}`, `127.0.0.1:${innerPort()}`);
      expect(await get("/redirect-inside", { policy })).toMatchObject({ body: "secret" });
      expect(innerHits).toBe(1);
    });

    it("connects to the address that it checked, whatever the name resolves to afterwards", async () => {
      innerHits = 0;
      const answers = await ask({
        url: "http://page.test/secret",
        options: { policy: NOWHERE, maxBytes: MIB, connectTimeoutMs: 300 },
        names: { "page.test": [[UNREACHABLE], ["127.0.0.1"]] },
      });
      expect(answers).toMatchObject({ outcome: "failed", resolutions: 1 });
      expect(answers).toMatchObject({
        error: expect.stringMatching(/^(ConnectionFailedError|HttpTimeoutError)$/),
      });
      expect(innerHits).toBe(0);
    });

    it("refuses an address that is public by number and the installation's own", async () => {
      const own = { ...NOWHERE, ownNetworks: ["2d00::/16"] };
      const answer = await ask({
        url: "http://page.test/secret",
        options: { policy: own, maxBytes: MIB },
        names: { "page.test": [[UNREACHABLE]] },
      });
      expect(answer).toMatchObject({ error: "AddressNotPublicError" });
    });

    it.each([
      ["file:///etc/passwd", "only http and https are allowed"],
      ["ftp://example.com/", "only http and https are allowed"],
      ["http://user:password@example.com/", "it contains a user name or a password"],
      ["http://example.com:8080/", "only the ports 80 and 443 are allowed"],
      ["not a url", "it is not a URL"],
    ])("refuses %s", async (url, reason) => {
      const answer = await ask({ url, options: { policy: NOWHERE, maxBytes: MIB } });
      expect(answer).toMatchObject({ error: "UrlNotAllowedError" });
      expect(answer).toMatchObject({ message: expect.stringContaining(reason) });
    });

    it("refuses a redirect to another scheme", async () => {
      expect(await get("/redirect-to-file")).toMatchObject({ error: "UrlNotAllowedError" });
    });

    it("says that a name is unknown", async () => {
      const url = "http://no-such-host.invalid/";
      expect(await ask({ url, options: { policy: NOWHERE, maxBytes: MIB } })).toMatchObject({
        error: "HostNotFoundError",
      });
    });
  });

  describe("proves the server's name", () => {
    const getFrom = (name: string) =>
      ask({
        url: `https://${name}:${portOf(secure)}/page`,
        options: { policy: allow(`${name}:${portOf(secure)}`), maxBytes: MIB },
        names: { [name]: [["127.0.0.1"]] },
      });

    it("accepts the certificate of the name that the URL has, not of the address", async () => {
      expect(await getFrom("page.test")).toMatchObject({
        outcome: "read",
        body: `read as page.test:${portOf(secure)}`,
      });
    });

    it("refuses another name on the same address, also right after a good connection", async () => {
      expect(await getFrom("page.test")).toMatchObject({ outcome: "read" });
      expect(await getFrom("other.test")).toMatchObject({ error: "ConnectionFailedError" });
    });
  });

  it("reads a page with its type and character set, and the URL at which it ended", async () => {
    expect(await get("/redirect-once")).toEqual({
      outcome: "read",
      resolutions: 0,
      url: `http://127.0.0.1:${portOf(outer)}/page`,
      contentType: "text/html",
      charset: "iso-8859-1",
      validators: { etag: null, lastModified: null },
      body: `read as 127.0.0.1:${portOf(outer)}`,
    });
  });

  it.each(["/gzip", "/br", "/deflate"])("decompresses %s", async (path) => {
    expect(await get(path)).toMatchObject({ outcome: "read", body: "zipped" });
  });

  it.each([
    ["/redirect-for-ever", "TooManyRedirectsError", {}],
    ["/bomb", "ResponseTooLargeError", {}],
    ["/endless", "ResponseTooLargeError", {}],
    ["/broken-gzip", "ResponseUnreadableError", {}],
    ["/missing", "HttpStatusError", {}],
    ["/cut", "ConnectionFailedError", {}],
    ["/silent", "HttpTimeoutError", { connectTimeoutMs: 200 }],
    ["/silent", "HttpTimeoutError", { totalTimeoutMs: 200 }],
    ["/drip", "HttpTimeoutError", { totalTimeoutMs: 200 }],
  ])("ends %s with %s", async (path, error, options) => {
    expect(await get(path, options)).toMatchObject({ outcome: "failed", error });
  });

  it("tries the next address when one does not answer", async () => {
    const answer = await ask({
      url: `http://page.test:${portOf(outer)}/page`,
      options: {
        policy: allow(`page.test:${portOf(outer)}`),
        maxBytes: MIB,
      },
      names: { "page.test": [["127.0.0.2", "::1", "127.0.0.1"]] },
    });
    expect(answer).toMatchObject({ outcome: "read" });
  });
});

it("gives up on a name that nobody resolves", async () => {
  const options = { policy: NOWHERE, accept: "text/html", maxBytes: MIB, totalTimeoutMs: 20 };
  const resolve = () => new Promise<string[]>(() => undefined);
  await expect(getPublicUrl("http://page.test/", { ...options, resolve })).rejects.toMatchObject({
    name: "HttpTimeoutError",
  });
});
