import type { Retry } from "./flow_document.ts";

/** A contact waits for the answer: attempts beyond these keep nobody's attention. */
const MAX_ATTEMPTS = 10;
const MAX_DELAY_SECONDS = 600;
const MAX_TIMEOUT_SECONDS = 900;

/** What is wrong with a step's retry, as Windmill 1.788 computes its delays (flows.rs, impl Retry). */
export function retryProblems({ constant, exponential }: Retry): string[] {
  const problems: string[] = [];
  if (constant === undefined && exponential === undefined) {
    problems.push("retry names neither constant nor exponential: nothing is retried");
  }
  const attempts = (constant?.attempts ?? 0) + (exponential?.attempts ?? 0);
  if (attempts < 1 || attempts > MAX_ATTEMPTS) {
    problems.push(`retry makes ${attempts} attempts, 1 to ${MAX_ATTEMPTS} are sane`);
  }
  if (constant !== undefined) problems.push(...delayProblems(constant.seconds));
  if (exponential === undefined) return problems;
  if (exponential.seconds < 2) {
    problems.push(
      "retry.exponential.seconds is the base of the power: below 2 the delay does not grow, use constant",
    );
  }
  // delay = multiplier * seconds^(failures + 1), where failures counts from 0.
  const longest = exponential.multiplier * exponential.seconds ** exponential.attempts;
  return [...problems, ...delayProblems(longest)];
}

function delayProblems(seconds: number): string[] {
  if (seconds >= 1 && seconds <= MAX_DELAY_SECONDS) return [];
  return [`retry waits up to ${seconds} s, 1 to ${MAX_DELAY_SECONDS} s are sane`];
}

export function timeoutProblems(value: unknown): string[] {
  if (typeof value === "number" && value >= 1 && value <= MAX_TIMEOUT_SECONDS) return [];
  return [`timeout is ${JSON.stringify(value)}, a number of 1 to ${MAX_TIMEOUT_SECONDS} s is sane`];
}
