import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublicAddress } from "./public_address.ts";
import {
  AddressNotPublicError,
  HostNotFoundError,
  HttpTimeoutError,
  PublicHttpError,
  UrlNotAllowedError,
} from "./public_http_errors.ts";
import {
  type PublicHttpResponse,
  type RequestLimits,
  requestFrom,
  type WhatIsAsked,
} from "./public_http_request.ts";
import { hostOf, portOf } from "./public_http_socket.ts";

/** Where this installation lets URLs from outside lead to. */
export interface PublicHttpPolicy {
  /** `host:port` as in the URL: these may be private and on any port. */
  allowedPrivateOrigins: readonly string[];
  /** CIDR: public by number, but ours. */
  ownNetworks: readonly string[];
}

export interface TargetLimits extends RequestLimits {
  policy: PublicHttpPolicy;
  /** all addresses of a host name */
  resolve: (hostname: string) => Promise<string[]>;
}

/**
 * The response to one request, without following a redirect. All addresses of the host are resolved and must be
 * public, and the connection goes to one that was checked: a name cannot change its mind in between.
 *
 * @throws PublicHttpError
 */
export async function requestPublicUrl(
  url: URL,
  asked: WhatIsAsked,
  limits: TargetLimits,
): Promise<PublicHttpResponse> {
  return await connect(url, asked, await vettedAddresses(url, limits), limits);
}

/** @throws UrlNotAllowedError */
export function parsePublicUrl(text: string, policy: PublicHttpPolicy): URL {
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

async function vettedAddresses(url: URL, limits: TargetLimits): Promise<string[]> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolveHost(url, host, limits) : [host];
  const refused = addresses.find((address) => !isPublicAddress(address, limits.policy.ownNetworks));
  if (refused !== undefined && !isAllowedPrivate(url, limits.policy)) {
    throw new AddressNotPublicError(url.href, refused);
  }
  // IPv4 first: a container without IPv6 is given AAAA records all the same
  return addresses.toSorted((a, b) => isIP(a) - isIP(b));
}

async function resolveHost(url: URL, host: string, limits: TargetLimits): Promise<string[]> {
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

export async function resolveAll(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

/** The response of the first address that answers; the first failure when none does. */
async function connect(
  url: URL,
  asked: WhatIsAsked,
  addresses: readonly string[],
  limits: TargetLimits,
): Promise<PublicHttpResponse> {
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      return await requestFrom(address, url, asked, limits);
    } catch (error) {
      if (limits.signal.aborted) throw error;
      failures.push(error);
    }
  }
  throw failures[0];
}

/** Rejects when the total time is over. */
function inTime<Result>(work: Promise<Result>, url: URL, limits: TargetLimits): Promise<Result> {
  const { signal, totalTimeoutMs } = limits;
  return new Promise((resolve, reject) => {
    const onOver = () => reject(new HttpTimeoutError(url.href, totalTimeoutMs));
    if (signal.aborted) onOver();
    signal.addEventListener("abort", onOver, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onOver));
  });
}

/** Whether the installation lets a URL lead to this private host and port. */
export function isAllowedPrivate(url: URL, policy: PublicHttpPolicy): boolean {
  return policy.allowedPrivateOrigins.includes(`${hostOf(url)}:${portOf(url)}`);
}
