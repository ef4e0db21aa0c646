import { describe, expect, it } from "vitest";
import { retryDelaySeconds } from "../../../../local/windmill/engine/retry.ts";
import { Crash, failing, runTestFlow, step } from "../../../helpers/engine_host.ts";

const middle = () => 0.5;
const delays = (retry: Parameters<typeof retryDelaySeconds>[0]) =>
  [1, 2, 3, 4, 5].map((failures) => retryDelaySeconds(retry, failures, middle));

describe("the delay before an attempt (flows.rs, impl Retry)", () => {
  it("is the same each time for a constant policy, until it is used up", () => {
    const policy = { constant: { attempts: 2, seconds: 7 } };
    expect(delays(policy)).toEqual([7, 7, undefined, undefined, undefined]);
  });

  it("is multiplier times seconds to the power of the failures for an exponential one", () => {
    const policy = { exponential: { attempts: 3, multiplier: 2, seconds: 3 } };
    expect(delays(policy)).toEqual([6, 18, 54, undefined, undefined]);
  });

  it("uses the constant policy up first", () => {
    const constant = { attempts: 2, seconds: 1 };
    const exponential = { attempts: 2, multiplier: 1, seconds: 2 };
    expect(delays({ constant, exponential })).toEqual([1, 1, 8, 16, undefined]);
  });

  it("is never longer than six hours", () => {
    const policy = { exponential: { attempts: 5, multiplier: 1000, seconds: 60 } };
    expect(delays(policy)[4]).toBe(6 * 60 * 60);
  });

  it("spreads by random_factor percent", () => {
    const exponential = { attempts: 1, multiplier: 10, seconds: 1, random_factor: 20 };
    expect(retryDelaySeconds({ exponential }, 1, () => 0)).toBe(8);
    expect(retryDelaySeconds({ exponential }, 1, () => 1)).toBe(12);
  });
});

describe("retries of a step (worker_flow.rs, evaluate_retry)", () => {
  const constant = { attempts: 3, seconds: 5 };
  const retried = (retry: object) => ({ modules: [step("a", { x: "flow_input.x" }, { retry })] });

  it("runs it again with the failed attempt's arguments until it succeeds", async () => {
    const { outcome, calls, waits } = await runTestFlow(retried({ constant }), {
      scripts: { a: failing(2) },
      input: { x: 1 },
    });
    expect(calls.map(({ args }) => args)).toEqual([{ x: 1 }, { x: 1 }, { x: 1 }]);
    expect(waits).toEqual([5000, 5000]);
    expect(outcome).toMatchObject({ success: true, result: "done" });
  });

  it("fails when the attempts are used up", async () => {
    const { outcome, calls } = await runTestFlow(retried({ constant }), {
      scripts: { a: failing(9) },
    });
    expect(calls).toHaveLength(4);
    expect(outcome).toMatchObject({ success: false, result: { error: { message: "failure 4" } } });
  });

  it("retries only while retry_if holds; it sees error, result and flow_input", async () => {
    const expr =
      "error.name === 'Transient' && result.error.name === error.name && flow_input.retry";
    const flow = retried({ constant, retry_if: { expr } });
    const attempts = async (name: string, retry: boolean) =>
      (await runTestFlow(flow, { scripts: { a: failing(9, name) }, input: { retry } })).calls
        .length;
    expect(await attempts("Transient", true)).toBe(4);
    expect(await attempts("Permanent", true)).toBe(1);
    expect(await attempts("Transient", false)).toBe(1);
  });

  it("does not let retry_if see the results of other steps", async () => {
    const retry = { constant, retry_if: { expr: "results.a !== null" } };
    const { calls } = await runTestFlow(
      { modules: [step("a"), step("b", {}, { retry })] },
      { scripts: { a: () => 1, b: failing(9) } },
    );
    expect(calls.filter((call) => call.step === "b")).toHaveLength(1);
  });

  it("does not retry a crash of the process", async () => {
    const crash = () => {
      throw new Crash("killed");
    };
    const { calls } = await runTestFlow(retried({ constant }), { scripts: { a: crash } });
    expect(calls).toHaveLength(1);
  });
});
