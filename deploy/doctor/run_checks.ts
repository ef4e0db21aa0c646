import type { Settings } from "../settings.ts";
import type { Check } from "./check.ts";
import type { Clients } from "./clients.ts";
import { blocked, type Finding, failed, type Verdict } from "./finding.ts";
import { reasonOf } from "./reason.ts";

/** Longer than any of a check's calls may take together, on a machine that is busy. */
const TIME_LIMIT_MS = 120_000;

/**
 * Runs all checks side by side, each within the time limit, and answers with their findings in the checks' order.
 * Never rejects: a check that breaks is a finding of its own.
 */
export async function runChecks(
  checks: readonly Check[],
  clients: Clients,
  settings: Settings,
  timeLimitMs = TIME_LIMIT_MS,
): Promise<Finding[]> {
  const runs = new Map<Check, Promise<Verdict[]>>();
  const run = (check: Check): Promise<Verdict[]> => {
    const running = runs.get(check) ?? runAfterNeeds(check);
    runs.set(check, running);
    return running;
  };
  const runAfterNeeds = async (check: Check): Promise<Verdict[]> => {
    for (const needed of check.needs ?? []) {
      const verdicts = await run(needed);
      const skipped = verdicts.find(({ state }) => state === "skipped");
      if (skipped) return [skipped];
      if (verdicts.some(({ state }) => state === "failed")) {
        return [blocked(needed.name)];
      }
    }
    return withinLimit(check.run(clients, settings), timeLimitMs).catch(verdictOf);
  };
  const findings = checks.map(async (check) =>
    (await run(check)).map((verdict) => ({ check: check.name, ...verdict })),
  );
  return (await Promise.all(findings)).flat();
}

class CheckTimeoutError extends Error {
  override readonly name = "CheckTimeoutError";

  constructor(timeLimitMs: number) {
    super(`it had no result within ${timeLimitMs / 1_000} s`);
  }
}

async function withinLimit<Result>(work: Promise<Result>, timeLimitMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new CheckTimeoutError(timeLimitMs)), timeLimitMs);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

/** The one place that records what a check did not foresee. */
function verdictOf(error: unknown): Verdict[] {
  return [
    failed(
      `the check itself broke: ${reasonOf(error)}`,
      "If the sentence does not say what to do, look at the log of what it names.",
    ),
  ];
}
