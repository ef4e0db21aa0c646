import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import {
  ConnectionFailedError,
  HttpTimeoutError,
  type PublicHttpError,
  ResponseTooLargeError,
  ResponseUnreadableError,
} from "./public_http_errors.ts";

export interface WhatIsAsked {
  method: string;
  /** lower case */
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}

export interface RequestLimits {
  maxBytes: number;
  connectTimeoutMs: number;
  totalTimeoutMs: number;
  /** aborts when totalTimeoutMs are over */
  signal: AbortSignal;
}

const DEFAULT_PORTS: Record<string, number> = { "http:": 80, "https:": 443 };

/** The port of an http or https URL; undefined for any other scheme. */
export function portOf(url: URL): number | undefined {
  const standard = DEFAULT_PORTS[url.protocol];
  return url.port === "" || standard === undefined ? standard : Number(url.port);
}

/** The host without the brackets of an IPv6 address and the dot that ends a fully qualified name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$|\.$/g, "");
}

/**
 * Sends a request for `url` to this address, whatever the host name resolves to by now, and returns the response
 * when its headers are there.
 *
 * Not fetch() and no Agent: Bun 1.3.10 ignores an agent's lookup, and fetch follows redirects by itself.
 */
export function requestFrom(
  address: string,
  url: URL,
  { method, headers, body }: WhatIsAsked,
  limits: RequestLimits,
): Promise<http.IncomingMessage> {
  const host = hostOf(url);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request({
      host: address,
      port: portOf(url),
      method,
      path: url.pathname + url.search,
      // the name to ask for and to find in the certificate; an IP address is not allowed in SNI
      ...(isIP(host) === 0 ? { servername: host } : {}),
      headers: {
        "user-agent": "whatsapp-chatbot-platform",
        ...headers,
        // Bun 1.3.10 compares the certificate with the Host header, port and all: with one it would never match
        host: url.protocol === "https:" ? url.hostname : url.host,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
        // on a connection that is used again Bun 1.3.10 repeats a request that broke off, a POST too
        connection: "close",
      },
      agent: false,
    });
    // Bun 1.3.10 emits no error for the option `signal` nor for destroy(error): the promise is rejected here.
    const giveUp = (timeoutMs: number) => {
      request.destroy();
      settle(() => reject(new HttpTimeoutError(url.href, timeoutMs)));
    };
    const timer = setTimeout(() => giveUp(limits.connectTimeoutMs), limits.connectTimeoutMs);
    const onOver = () => giveUp(limits.totalTimeoutMs);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      limits.signal.removeEventListener("abort", onOver);
      how();
    };
    limits.signal.addEventListener("abort", onOver, { once: true });
    request.on("response", (response) => settle(() => resolve(response)));
    request.on("error", (cause) =>
      settle(() => reject(new ConnectionFailedError(url.href, { cause }))),
    );
    request.end(body);
  });
}

/** The response's body, decompressed, which is where its bytes are counted. */
export async function readBody(
  url: URL,
  response: http.IncomingMessage,
  limits: RequestLimits,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limits.maxBytes) throw new RangeError("more than maxBytes");
      chunks.push(chunk);
    }
  };
  const decoder = decoderFor(url, response);
  try {
    await pipeline(response, decoder, collect, { signal: limits.signal });
  } catch (cause) {
    // pipeline() reports the collector's error as a premature close
    if (size > limits.maxBytes) throw new ResponseTooLargeError(url.href, limits.maxBytes);
    throw bodyError(url, cause, limits);
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

/** Turns the body into what was meant. Throws ResponseUnreadableError for an encoding that nobody asked for. */
export function decoderFor(url: URL, response: http.IncomingMessage) {
  const coding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  switch (coding) {
    case "identity":
      return new PassThrough();
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "deflate":
      return createInflate();
    default:
      response.destroy();
      throw new ResponseUnreadableError(url.href, `its encoding is "${coding}"`);
  }
}

/** Why a body did not arrive whole. */
export function bodyError(url: URL, cause: unknown, limits: RequestLimits): PublicHttpError {
  if (limits.signal.aborted) {
    return new HttpTimeoutError(url.href, limits.totalTimeoutMs, { cause });
  }
  return isBrokenCompression(cause)
    ? new ResponseUnreadableError(url.href, "its compression is broken", { cause })
    : new ConnectionFailedError(url.href, { cause });
}

/** node:zlib: Z_DATA_ERROR, Z_BUF_ERROR, …, ERR__ERROR_FORMAT_… (Brotli) */
function isBrokenCompression(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^(Z_|ERR__ERROR_|ERR_BROTLI)/.test(code);
}
