import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { type Duplex, PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Client, Dispatcher } from "undici";
import {
  ConnectionFailedError,
  HttpTimeoutError,
  PublicHttpError,
  ResponseTooLargeError,
  ResponseUnreadableError,
} from "./public_http_errors.ts";
import { type CountedSocket, openSocket } from "./public_http_socket.ts";

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

export interface PublicHttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** as it was sent, which may be compressed */
  body: Readable;
  /** Ends the connection, however much of the body has arrived. */
  close(): void;
}

/**
 * Sends a request for `url` to this address, whatever the host name resolves to by now, and returns the response
 * when its headers are there.
 *
 * Not by fetch(), which follows redirects by itself and cannot be told an address, nor by node:http, which in Bun
 * 1.3.10 takes in whatever a server sends (see CountedSocket).
 */
export async function requestFrom(
  address: string,
  url: URL,
  asked: WhatIsAsked,
  limits: RequestLimits,
): Promise<PublicHttpResponse> {
  // Loaded when it is needed: it takes 40 ms of a processor. By its file, since Bun has a module "undici" of its own.
  const { Client } = await import("undici/index.js");
  const socket = openSocket(address, url, limits.maxBytes);
  const client = new Client(url.origin, clientOptions(socket));
  const giveUp = (timeoutMs: number) => socket.destroy(new HttpTimeoutError(url.href, timeoutMs));
  const timer = setTimeout(() => giveUp(limits.connectTimeoutMs), limits.connectTimeoutMs);
  const onOver = () => giveUp(limits.totalTimeoutMs);
  limits.signal.addEventListener("abort", onOver, { once: true });
  if (limits.signal.aborted) onOver();
  try {
    await once(socket, "connect");
    return responseOver(socket, await client.request(requestOptions(url, asked)));
  } catch (error) {
    const cause = socket.errored ?? error;
    socket.destroy();
    throw cause instanceof PublicHttpError ? cause : new ConnectionFailedError(url.href, { cause });
  } finally {
    clearTimeout(timer);
    limits.signal.removeEventListener("abort", onOver);
  }
}

function requestOptions(url: URL, { method, headers, body }: WhatIsAsked) {
  return {
    method: method as Dispatcher.HttpMethod,
    path: url.pathname + url.search,
    headers: { "user-agent": "whatsapp-chatbot-platform", ...headers },
    body: body ?? null,
    // nobody asks a second time over the same connection
    reset: true,
  };
}

function clientOptions(socket: CountedSocket): Client.Options {
  return {
    // Later, since undici forgets a connection that is there at once. And only while it lives: for a request that was
    // given up undici asks for another one, until it is told an error that is not one of its own.
    connect: (_options, connected) =>
      setImmediate(() => {
        if (socket.destroyed) connected(new Error("The connection is closed."), null);
        // undici asks of a connection what every Duplex has
        else connected(null, socket as Duplex as Socket);
      }),
    // the callers' limits end it
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function responseOver(
  socket: CountedSocket,
  { statusCode, headers, body }: Dispatcher.ResponseData,
): PublicHttpResponse {
  // whoever reads the body is told, and one that nobody reads may end as it likes
  body.on("error", () => undefined);
  // undici fails in an assertion when a connection ends without an error while it waits for the reader
  const close = () => void socket.destroy(new Error("The response is not read any further."));
  return { status: statusCode, headers, body, close };
}

/** The response's body, decompressed, which is where its bytes are counted. */
export async function readBody(
  url: URL,
  response: PublicHttpResponse,
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
    await pipeline(response.body, decoder, collect, { signal: limits.signal });
  } catch (cause) {
    // pipeline() reports the collector's error as a premature close
    if (size > limits.maxBytes) throw new ResponseTooLargeError(url.href, limits.maxBytes);
    throw bodyError(url, cause, limits);
  } finally {
    response.close();
  }
  return Buffer.concat(chunks);
}

/** Turns the body into what was meant. Throws ResponseUnreadableError for an encoding that nobody asked for. */
export function decoderFor(url: URL, response: PublicHttpResponse) {
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
      response.close();
      throw new ResponseUnreadableError(url.href, `its encoding is "${coding}"`);
  }
}

/** Why a body did not arrive whole. */
export function bodyError(url: URL, cause: unknown, limits: RequestLimits): PublicHttpError {
  if (cause instanceof PublicHttpError) return cause;
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
