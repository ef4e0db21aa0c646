import type { Retry } from "../../../local/windmill/engine/flow_definition.ts";
import { retryDelaySeconds } from "../../../local/windmill/engine/retry.ts";

/** A contact waits for the answer: attempts beyond these keep nobody's attention. */
const MAX_ATTEMPTS = 10;
const MAX_DELAY_SECONDS = 600;
const MAX_TIMEOUT_SECONDS = 900;

/** What is not sane about a step's retry. */
export function retryProblems(retry: Retry): string[] {
  const attempts = (retry.constant?.attempts ?? 0) + (retry.exponential?.attempts ?? 0);
  if (attempts < 1 || attempts > MAX_ATTEMPTS) {
    return [`retry makes ${attempts} attempts, 1 to ${MAX_ATTEMPTS} are sane`];
  }
  const problems: string[] = [];
  if (retry.exponential && retry.exponential.seconds < 2) {
    problems.push("retry.exponential.seconds is the base of a power: below 2 no delay grows");
  }
  for (let failures = 1; failures <= attempts; failures++) {
    const delay = retryDelaySeconds(retry, failures, () => 1) ?? 0;
    if (delay >= 1 && delay <= MAX_DELAY_SECONDS) continue;
    problems.push(`retry ${failures} waits ${delay} s, 1 to ${MAX_DELAY_SECONDS} s are sane`);
  }
  return problems;
}

export function timeoutProblems(seconds: unknown): string[] {
  if (typeof seconds === "number" && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) return [];
  return [`timeout is ${JSON.stringify(seconds)}, 1 to ${MAX_TIMEOUT_SECONDS} s are sane`];
}
