import { expect, it } from "vitest";
import { type Retryable, withRetries } from "../../../f/platform/retry.ts";

class Failure extends Error implements Retryable {
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(isRetryable: boolean, retryAfterMs?: number) {
    super("it failed");
    this.isRetryable = isRetryable;
    this.retryAfterMs = retryAfterMs;
  }
}

const plan = { attempts: 3, firstWaitMs: 100, longestWaitMs: 1_000 };

/** Fails as told, one after the other, and then succeeds. */
async function run(failures: Error[], random = 0) {
  const waits: number[] = [];
  let calls = 0;
  const result = await withRetries(
    async () => {
      const failure = failures[calls++];
      if (failure) throw failure;
      return "done";
    },
    plan,
    {
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
      random: () => random,
    },
  ).catch((error: unknown) => error);
  return { result, waits, calls };
}

it("calls again after a failure that may pass, with doubled and jittered waits", async () => {
  const failures = [new Failure(true), new Failure(true)];
  expect(await run(failures)).toEqual({ result: "done", waits: [50, 100], calls: 3 });
  expect((await run(failures, 1)).waits).toEqual([100, 200]);
});

it("waits as long as it was asked to, and not at all when that is too long", async () => {
  expect((await run([new Failure(true, 700)])).waits).toEqual([700]);
  const tooLong = new Failure(true, 60_000);
  expect(await run([tooLong])).toEqual({ result: tooLong, waits: [], calls: 1 });
});

it.each([
  ["is not retryable", new Failure(false)],
  ["does not say", new Error("bug")],
])("throws at once what %s", async (_, failure) => {
  expect(await run([failure])).toEqual({ result: failure, waits: [], calls: 1 });
});

it("throws the last failure when the attempts are used up", async () => {
  const failures = [new Failure(true), new Failure(true), new Failure(true)];
  expect(await run(failures)).toMatchObject({ result: failures[2], calls: 3 });
});
