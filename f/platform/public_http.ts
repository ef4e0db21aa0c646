import { lookup } from "node:dns/promises";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isPublicAddress } from "./public_address.ts";
import {
  AddressNotPublicError,
  HostNotFoundError,
  HttpStatusError,
  HttpTimeoutError,
  PublicHttpError,
  TooManyRedirectsError,
  UrlNotAllowedError,
} from "./public_http_errors.ts";
import {
  hostOf,
  portOf,
  type RequestLimits,
  readBody,
  requestFrom,
} from "./public_http_request.ts";

/** Where this installation lets URLs from outside lead to. */
export interface PublicHttpPolicy {
  /** `host:port` as in the URL: these may be private and on any port. */
  allowedPrivateOrigins: readonly string[];
  /** CIDR: public by number, but ours. */
  ownNetworks: readonly string[];
}

export interface GetOptions {
  policy: PublicHttpPolicy;
  accept: string;
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

export interface PublicResponse {
  /** after redirects */
  url: string;
  /** lower case, without parameters; empty when the server did not say */
  contentType: string;
  charset: string | undefined;
  body: Buffer;
}

type Limits = RequestLimits & Required<GetOptions>;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * GETs a URL that a tenant or a model gave. At every hop all addresses of the host are resolved and must be public,
 * and the connection goes to one that was checked: a name cannot change its mind in between.
 *
 * @throws PublicHttpError
 */
export async function getPublicUrl(url: string, options: GetOptions): Promise<PublicResponse> {
  const limits = withDefaults(options);
  let target = url;
  for (let redirects = 0; redirects <= limits.maxRedirects; redirects++) {
    const hop = parseUrl(target, limits.policy);
    const response = await connect(hop, await vettedAddresses(hop, limits), limits);
    const location = redirectLocation(response);
    if (location === undefined) return await readResponse(hop, response, limits);
    response.destroy();
    if (!URL.canParse(location, hop)) throw new UrlNotAllowedError(location, "it is not a URL");
    target = new URL(location, hop).href;
  }
  throw new TooManyRedirectsError(target, limits.maxRedirects);
}

function withDefaults(options: GetOptions): Limits {
  const { totalTimeoutMs = 30_000, connectTimeoutMs = 10_000, maxRedirects = 3 } = options;
  const { resolve = resolveAll } = options;
  const signal = AbortSignal.timeout(totalTimeoutMs);
  return { ...options, totalTimeoutMs, connectTimeoutMs, maxRedirects, resolve, signal };
}

function parseUrl(text: string, policy: PublicHttpPolicy): URL {
  if (!URL.canParse(text)) throw new UrlNotAllowedError(text, "it is not a URL");
  const url = new URL(text);
  const port = portOf(url);
  if (port === undefined) throw new UrlNotAllowedError(text, "only http and https are allowed");
  if (url.username !== "" || url.password !== "") {
    throw new UrlNotAllowedError(text, "it contains a user name or a password");
  }
  if (port !== 80 && port !== 443 && !isAllowedPrivate(url, policy)) {
    throw new UrlNotAllowedError(text, "only the ports 80 and 443 are allowed");
  }
  return url;
}

async function vettedAddresses(url: URL, limits: Limits): Promise<string[]> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolveHost(url, host, limits) : [host];
  const refused = addresses.find((address) => !isPublicAddress(address, limits.policy.ownNetworks));
  if (refused !== undefined && !isAllowedPrivate(url, limits.policy)) {
    throw new AddressNotPublicError(url.href, refused);
  }
  // IPv4 first: a container without IPv6 is given AAAA records all the same
  return addresses.toSorted((a, b) => isIP(a) - isIP(b));
}

async function resolveHost(url: URL, host: string, limits: Limits): Promise<string[]> {
  let addresses: string[];
  try {
    addresses = await inTime(limits.resolve(host), url, limits);
  } catch (cause) {
    if (cause instanceof PublicHttpError) throw cause;
    throw new HostNotFoundError(url.href, { cause });
  }
  if (addresses.length === 0) throw new HostNotFoundError(url.href);
  return addresses;
}

async function resolveAll(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

/** The response of the first address that answers; the first failure when none does. */
async function connect(
  url: URL,
  addresses: readonly string[],
  limits: Limits,
): Promise<IncomingMessage> {
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      return await requestFrom(address, url, limits);
    } catch (error) {
      if (limits.signal.aborted) throw error;
      failures.push(error);
    }
  }
  throw failures[0];
}

function redirectLocation(response: IncomingMessage): string | undefined {
  return REDIRECTS.includes(response.statusCode ?? 0) ? response.headers.location : undefined;
}

async function readResponse(
  url: URL,
  response: IncomingMessage,
  limits: Limits,
): Promise<PublicResponse> {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    response.destroy();
    throw new HttpStatusError(url.href, status);
  }
  const header = response.headers["content-type"] ?? "";
  return {
    url: url.href,
    contentType: (header.split(";")[0] ?? "").trim().toLowerCase(),
    charset: /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(header)?.[1]?.toLowerCase(),
    body: await readBody(url, response, limits),
  };
}

/** Rejects when the total time is over. */
function inTime<Result>(work: Promise<Result>, url: URL, limits: Limits): Promise<Result> {
  const { signal, totalTimeoutMs } = limits;
  return new Promise((resolve, reject) => {
    const onOver = () => reject(new HttpTimeoutError(url.href, totalTimeoutMs));
    if (signal.aborted) onOver();
    signal.addEventListener("abort", onOver, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onOver));
  });
}

function isAllowedPrivate(url: URL, policy: PublicHttpPolicy): boolean {
  return policy.allowedPrivateOrigins.includes(`${hostOf(url)}:${portOf(url)}`);
}
