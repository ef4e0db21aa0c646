import { pipeline } from "node:stream";
import { PublicHttpError, ResponseTooLargeError } from "./public_http_errors.ts";
import { bodyError, decoderFor, type PublicHttpResponse } from "./public_http_request.ts";
import {
  type PublicHttpPolicy,
  parsePublicUrl,
  requestPublicUrl,
  resolveAll,
  type TargetLimits,
} from "./public_http_target.ts";

export interface PublicFetchOptions {
  readonly policy: PublicHttpPolicy;
  /** of each response, after decompression */
  readonly maxBytes: number;
  /** until the response's headers are there */
  readonly headersTimeoutMs: number;
  /** everything, the body too */
  readonly totalTimeoutMs: number;
  /** told when a body breaks off, since a library that reads it may keep that to itself */
  readonly onBodyError?: (error: PublicHttpError, method: string) => void;
  readonly resolve?: (hostname: string) => Promise<string[]>;
}

export type PublicFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * fetch for a server that a tenant named. It follows no redirect: the caller decides about headers that carry a
 * credential, and whatever is asked next is checked like the first. Nothing is sent twice by itself.
 *
 * (The file is not called public_fetch.ts: Windmill takes what ends in fetch.ts for another language.)
 * Rejects with PublicHttpError, or with the reason of `init.signal`. `init.body` has to be a string.
 */
export function publicFetch(options: PublicFetchOptions): PublicFetch {
  return async (target, init = {}) => {
    const url = parsePublicUrl(String(target), options.policy);
    const asked = { method: init.method ?? "GET", headers: headersOf(init), body: textOf(init) };
    const { limits, caller } = limitsOf(options, init);
    try {
      const response = await requestPublicUrl(url, asked, limits);
      return responseOf(url, response, asked.method, { ...limits, caller, options });
    } catch (error) {
      caller?.throwIfAborted();
      throw error;
    }
  };
}

type StreamLimits = TargetLimits & {
  readonly caller: AbortSignal | undefined;
  readonly options: PublicFetchOptions;
};

function limitsOf(options: PublicFetchOptions, init: RequestInit) {
  const { policy, maxBytes, headersTimeoutMs, totalTimeoutMs, resolve = resolveAll } = options;
  const caller = init.signal ?? undefined;
  const timeout = AbortSignal.timeout(totalTimeoutMs);
  const limits: TargetLimits = {
    policy,
    maxBytes,
    resolve,
    connectTimeoutMs: headersTimeoutMs,
    totalTimeoutMs,
    signal: caller ? AbortSignal.any([timeout, caller]) : timeout,
  };
  return { limits, caller };
}

function headersOf(init: RequestInit): Record<string, string> {
  return {
    ...Object.fromEntries(new Headers(init.headers).entries()),
    // a compressor would hold back the events of a stream
    "accept-encoding": "identity",
  };
}

function textOf({ body }: RequestInit): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== "string") throw new TypeError("publicFetch sends text only");
  return body;
}

/** The Fetch standard: a response with one of these has no body. */
const WITHOUT_BODY = [204, 205, 304];

function responseOf(
  url: URL,
  response: PublicHttpResponse,
  method: string,
  limits: StreamLimits,
): Response {
  const { status } = response;
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const item of [value ?? []].flat()) headers.append(name, item);
  }
  // what is returned here is decompressed
  headers.delete("content-encoding");
  headers.delete("content-length");
  if (WITHOUT_BODY.includes(status)) {
    response.close();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(url, response, method, limits), { status, headers });
}

/** Counts as it goes: an event stream ends when its server likes. */
function bodyOf(
  url: URL,
  response: PublicHttpResponse,
  method: string,
  limits: StreamLimits,
): ReadableStream<Uint8Array> {
  const decoder = decoderFor(url, response);
  // the decoder is destroyed with the same error, and that is where it is read
  pipeline(response.body, decoder, () => undefined);
  const chunks: AsyncIterator<Buffer> = decoder[Symbol.asyncIterator]();
  let size = 0;
  const fail = (cause: unknown): unknown => {
    response.close();
    if (limits.caller?.aborted) return limits.caller.reason;
    const error = cause instanceof PublicHttpError ? cause : bodyError(url, cause, limits);
    limits.options.onBodyError?.(error, method);
    return error;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Bun 1.3.10: a response that is destroyed ends as if it were whole
      const onOver = () => controller.error(fail(limits.signal.reason));
      limits.signal.addEventListener("abort", onOver, { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (limits.signal.aborted) return;
        if (done) return controller.close();
        size += value.length;
        if (size > limits.maxBytes) throw new ResponseTooLargeError(url.href, limits.maxBytes);
        controller.enqueue(value);
      } catch (cause) {
        if (!limits.signal.aborted) controller.error(fail(cause));
      }
    },
    cancel() {
      response.close();
    },
  });
}
