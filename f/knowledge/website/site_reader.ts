import {
  getPublicUrl,
  type PublicHttpPolicy,
  type PublicResponse,
} from "../../platform/public_http.ts";

export interface SiteLimits {
  /** everything that is read of the site, after decompression */
  totalBytes: number;
  totalMs: number;
  requestMs: number;
}

/** A site of 500 pages of 100 KB; Windmill would end a job that takes longer than half an hour. */
export const SITE_LIMITS: SiteLimits = {
  totalBytes: 100 * 1024 * 1024,
  totalMs: 5 * 60_000,
  requestMs: 10_000,
};

/** Reads of one site until a limit is reached. */
export interface SiteReader {
  /** no more requests: time or bytes are used up */
  isSpent(): boolean;
  /** Throws PublicHttpError. */
  get(url: string, accept: string, maxBytes: number): Promise<PublicResponse>;
}

export function siteReader(policy: PublicHttpPolicy, limits: SiteLimits = SITE_LIMITS): SiteReader {
  const end = Date.now() + limits.totalMs;
  let bytes = 0;
  return {
    isSpent: () => Date.now() >= end || bytes >= limits.totalBytes,
    async get(url, accept, maxBytes) {
      const response = await getPublicUrl(url, {
        policy,
        accept,
        maxBytes: Math.max(1, Math.min(maxBytes, limits.totalBytes - bytes)),
        totalTimeoutMs: Math.max(1, Math.min(limits.requestMs, end - Date.now())),
      });
      bytes += response.body.length;
      return response;
    },
  };
}
