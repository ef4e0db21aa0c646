import {
  HttpStatusError,
  TooManyRedirectsError,
  UrlNotAllowedError,
} from "./public_http_errors.ts";
import { type PublicHttpResponse, readBody } from "./public_http_request.ts";
import {
  type PublicHttpPolicy,
  parsePublicUrl,
  requestPublicUrl,
  resolveAll,
  type TargetLimits,
} from "./public_http_target.ts";

export type { PublicHttpPolicy } from "./public_http_target.ts";

export interface GetOptions {
  policy: PublicHttpPolicy;
  accept: string;
  /** what a server said of a response that is here already: then it may answer 304, which is an HttpStatusError */
  known?: Validators;
  /** counted after decompression */
  maxBytes: number;
  maxRedirects?: number;
  /** until the response's headers are there, for each address that is tried */
  connectTimeoutMs?: number;
  /** everything: names, redirects, body */
  totalTimeoutMs?: number;
  /** all addresses of a host name */
  resolve?: (hostname: string) => Promise<string[]>;
}

/** By which a server tells whether its response has changed: the headers ETag and Last-Modified. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

export interface PublicResponse {
  /** after redirects */
  url: string;
  /** lower case, without parameters; empty when the server did not say */
  contentType: string;
  charset: string | undefined;
  body: Buffer;
  validators: Validators;
}

type Limits = TargetLimits & Required<Omit<GetOptions, "known">>;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * GETs a URL that a tenant or a model gave, and checks again where it leads at every redirect.
 *
 * @throws PublicHttpError
 */
export async function getPublicUrl(url: string, options: GetOptions): Promise<PublicResponse> {
  const limits = withDefaults(options);
  const asked = {
    method: "GET",
    headers: {
      accept: limits.accept,
      "accept-encoding": "gzip, br",
      ...conditions(options.known),
    },
  };
  let target = url;
  for (let redirects = 0; redirects <= limits.maxRedirects; redirects++) {
    const hop = parsePublicUrl(target, limits.policy);
    const response = await requestPublicUrl(hop, asked, limits);
    const location = redirectLocation(response);
    if (location === undefined) return await readResponse(hop, response, limits);
    response.close();
    if (!URL.canParse(location, hop)) throw new UrlNotAllowedError(location, "it is not a URL");
    target = new URL(location, hop).href;
  }
  throw new TooManyRedirectsError(target, limits.maxRedirects);
}

function conditions(known: Validators | undefined): Record<string, string> {
  return {
    ...(known?.etag ? { "if-none-match": known.etag } : {}),
    ...(known?.lastModified ? { "if-modified-since": known.lastModified } : {}),
  };
}

function withDefaults(options: GetOptions): Limits {
  const { totalTimeoutMs = 30_000, connectTimeoutMs = 10_000, maxRedirects = 3 } = options;
  const { resolve = resolveAll } = options;
  const signal = AbortSignal.timeout(totalTimeoutMs);
  return { ...options, totalTimeoutMs, connectTimeoutMs, maxRedirects, resolve, signal };
}

function redirectLocation(response: PublicHttpResponse): string | undefined {
  return REDIRECTS.includes(response.status) ? response.headers.location : undefined;
}

async function readResponse(
  url: URL,
  response: PublicHttpResponse,
  limits: Limits,
): Promise<PublicResponse> {
  const { status } = response;
  if (status < 200 || status > 299) {
    response.close();
    throw new HttpStatusError(url.href, status);
  }
  const header = response.headers["content-type"] ?? "";
  return {
    url: url.href,
    contentType: (header.split(";")[0] ?? "").trim().toLowerCase(),
    charset: /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(header)?.[1]?.toLowerCase(),
    body: await readBody(url, response, limits),
    validators: {
      etag: response.headers.etag ?? null,
      lastModified: response.headers["last-modified"] ?? null,
    },
  };
}
