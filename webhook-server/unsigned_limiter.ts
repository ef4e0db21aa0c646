import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

export interface UnsignedLimiter {
  /** Counts a POST without a valid signature; the seconds to wait once the address has had too many. */
  count(address: string): Promise<number | null>;
}

/**
 * In memory: every copy of the ingress counts for itself, which only makes the limit wider. Nobody
 * asks it about authentic POSTs, which all come from a few addresses of Meta's.
 */
export function makeUnsignedLimiter(perMinute = 30): UnsignedLimiter {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return {
    async count(address) {
      try {
        await limiter.consume(address);
        return null;
      } catch (rejection) {
        // the library's way to say "too many"
        if (rejection instanceof RateLimiterRes) return Math.ceil(rejection.msBeforeNext / 1_000);
        throw rejection;
      }
    },
  };
}
