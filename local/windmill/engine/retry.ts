import type { Retry } from "./flow_definition.ts";

/** Windmill: worker_flow.rs, MAX_RETRY_ATTEMPTS and MAX_RETRY_INTERVAL (6 hours). */
const MAX_ATTEMPTS = 1000;
const MAX_DELAY_SECONDS = 6 * 60 * 60;

/**
 * Seconds to wait before the next attempt after `failures` failed ones, or undefined when
 * no attempt is left. The constant policy is used up before the exponential one, whose
 * `seconds` is the base and not a unit: multiplier * seconds ^ failures (Windmill: flows.rs,
 * `impl Retry`, where failures counts this one).
 */
export function retryDelaySeconds(
  retry: Retry | undefined,
  failures: number,
  random: () => number,
): number | undefined {
  const attempt = failures - 1;
  if (retry === undefined || attempt > MAX_ATTEMPTS) return undefined;
  const { constant, exponential } = retry;
  const constantAttempts = constant?.attempts ?? 0;
  if (constant && attempt < constantAttempts) return Math.min(constant.seconds, MAX_DELAY_SECONDS);
  if (!exponential || attempt - constantAttempts >= exponential.attempts) return undefined;
  const delay = exponential.multiplier * exponential.seconds ** failures;
  const jitter = delay * ((exponential.random_factor ?? 0) / 100) * (random() * 2 - 1);
  return Math.min(Math.max(delay + jitter, 0), MAX_DELAY_SECONDS);
}
