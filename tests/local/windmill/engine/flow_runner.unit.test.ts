import { describe, expect, it } from "vitest";
import { Crash, failing, runTestFlow, step } from "../../../helpers/engine_host.ts";

const boom = failing(99);

describe("steps and results (openflow.openapi.yaml; worker_flow.rs, push_next_flow_job)", () => {
  it("passes results by id and ends with the last step's result", async () => {
    const { outcome, calls } = await runTestFlow(
      { modules: [step("a"), step("b", { x: "results.a.n + flow_input.m" })] },
      { scripts: { a: () => ({ n: 1 }), b: ({ x }) => ({ x: x ?? null }) }, input: { m: 2 } },
    );
    expect(calls[1]?.args).toEqual({ x: 3 });
    expect(outcome).toMatchObject({ success: true, result: { x: 3 } });
  });

  it("gives the flow's input to the first step as previous_result", async () => {
    const { calls } = await runTestFlow(
      { modules: [step("a", { x: "previous_result" }), step("b", { x: "previous_result" })] },
      { scripts: { a: () => "of a" }, input: { m: 2 } },
    );
    expect(calls.map(({ args }) => args.x)).toEqual([{ m: 2 }, "of a"]);
  });

  it("answers a flow without modules with its input", async () => {
    const { outcome } = await runTestFlow({ modules: [] }, { input: { m: 2 } });
    expect(outcome).toMatchObject({ success: true, result: { m: 2 } });
  });

  it("fails with the failing step's {error} when there is no handler", async () => {
    const { outcome, calls } = await runTestFlow(
      { modules: [step("a"), step("b")] },
      { scripts: { a: boom } },
    );
    expect(outcome.success).toBe(false);
    expect(outcome.result).toEqual({
      error: { name: "Error", message: "failure 1", step_id: "a" },
    });
    expect(calls).toHaveLength(1);
  });

  it("fails a step whose input transform throws, without running its script", async () => {
    const { outcome, calls } = await runTestFlow({
      modules: [step("a", { x: "results.no.x.y()" })],
    });
    expect(calls).toEqual([]);
    expect(outcome).toMatchObject({ success: false, result: { error: { name: "ExecutionErr" } } });
  });

  it("waits after a module with sleep", async () => {
    const slow = step("a", {}, { sleep: { type: "static", value: 3 } });
    const { waits } = await runTestFlow({ modules: [slow, step("b")] });
    expect(waits).toEqual([3000]);
  });

  it("runs another flow with an input and results of its own", async () => {
    const call = {
      id: "other",
      value: {
        type: "flow",
        path: "f/t/other",
        input_transforms: { n: { type: "javascript", expr: "results.a" } },
      },
    };
    const { outcome, calls } = await runTestFlow(
      { modules: [step("a"), call] },
      {
        scripts: { a: () => 4, inner: ({ n }) => n ?? null },
        flows: { "f/t/other": { modules: [step("inner", { n: "flow_input.n", a: "results.a" })] } },
      },
    );
    expect(calls[1]?.args).toEqual({ n: 4, a: null });
    expect(outcome).toMatchObject({ success: true, result: 4 });
  });
});

describe("stop_after_if (worker_flow.rs, get_stop_after_if_data)", () => {
  const stopping = (extra: object) => ({
    modules: [
      step("a", {}, { stop_after_if: { expr: "result.stop === true", ...extra } }),
      step("b"),
    ],
  });
  const scripts = { a: () => ({ stop: true }) };

  it("ends the flow with the step's result", async () => {
    const { outcome, calls } = await runTestFlow(stopping({}), { scripts });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ success: true, skipped: false, result: { stop: true } });
  });

  it("goes on when it does not hold", async () => {
    const { calls } = await runTestFlow(stopping({}), { scripts: { a: () => ({ stop: false }) } });
    expect(calls).toHaveLength(2);
  });

  it("marks the flow skipped with skip_if_stopped", async () => {
    const { outcome } = await runTestFlow(stopping({ skip_if_stopped: true }), { scripts });
    expect(outcome).toMatchObject({ success: true, skipped: true });
  });

  it("fails the flow with EarlyStopError when it has an error message", async () => {
    const { outcome } = await runTestFlow(stopping({ error_message: "no more" }), { scripts });
    expect(outcome).toMatchObject({
      success: false,
      result: { error: { name: "EarlyStopError", message: "no more" } },
    });
  });

  it("is not evaluated after a failed step", async () => {
    const { outcome } = await runTestFlow(stopping({}), { scripts: { a: boom } });
    expect(outcome).toMatchObject({ success: false, stoppedEarly: undefined });
  });

  it("fails the step when its expression throws", async () => {
    const { outcome } = await runTestFlow({
      modules: [step("a", {}, { stop_after_if: { expr: "result.x.y" } }), step("b")],
    });
    expect(outcome).toMatchObject({ success: false, result: { error: { name: "ExecutionErr" } } });
  });
});

describe("skip_if, mock and identity (worker_flow.rs, is_skipped)", () => {
  it("replaces a skipped step by the previous result", async () => {
    const { outcome, calls, identities } = await runTestFlow(
      { modules: [step("a"), step("b", {}, { skip_if: { expr: "previous_result === 1" } })] },
      { scripts: { a: () => 1, b: () => 2 } },
    );
    expect(calls.map((call) => call.step)).toEqual(["a"]);
    expect(identities).toEqual(["b"]);
    expect(outcome.result).toBe(1);
  });

  it("does not evaluate stop_after_if of a skipped step", async () => {
    const skipped = step("b", {}, { skip_if: { expr: "true" }, stop_after_if: { expr: "true" } });
    const { calls } = await runTestFlow({ modules: [step("a"), skipped, step("c")] });
    expect(calls.map((call) => call.step)).toEqual(["a", "c"]);
  });

  it("returns a mock's value instead of running the step", async () => {
    const mocked = step("a", {}, { mock: { enabled: true, return_value: { canned: true } } });
    const { outcome, calls } = await runTestFlow({ modules: [mocked] });
    expect(calls).toEqual([]);
    expect(outcome.result).toEqual({ canned: true });
  });

  it("hands the previous result on in an identity module", async () => {
    const { outcome } = await runTestFlow(
      { modules: [step("a"), { id: "same", value: { type: "identity" } }] },
      { scripts: { a: () => "kept" } },
    );
    expect(outcome.result).toBe("kept");
  });
});

describe("continue_on_error (flows.rs; worker_flow.rs, inc_step_counter)", () => {
  const tolerant = (extra: object = {}) => step("a", {}, { continue_on_error: true, ...extra });

  it("keeps {error} as the step's result and goes on", async () => {
    const { outcome, calls } = await runTestFlow(
      { modules: [tolerant(), step("b", { e: "results.a.error.message" })] },
      { scripts: { a: boom, b: () => "ok" } },
    );
    expect(String(calls[1]?.args.e)).toMatch(/^failure/);
    expect(outcome).toMatchObject({ success: true, result: "ok" });
  });

  it("retries first", async () => {
    const retried = tolerant({ retry: { constant: { attempts: 2, seconds: 1 } } });
    const { calls } = await runTestFlow({ modules: [retried] }, { scripts: { a: boom } });
    expect(calls).toHaveLength(3);
  });

  it("rescues a failing last step", async () => {
    const { outcome } = await runTestFlow({ modules: [tolerant()] }, { scripts: { a: boom } });
    expect(outcome.success).toBe(true);
  });

  it("does not run the failure module, except after a crash of the process", async () => {
    const flow = { modules: [tolerant()], failure_module: step("failure") };
    const failed = await runTestFlow(flow, { scripts: { a: boom } });
    expect(failed.calls.map((call) => call.step)).toEqual(["a"]);
    const crash = () => {
      throw new Crash("killed");
    };
    const crashed = await runTestFlow(flow, { scripts: { a: crash } });
    expect(crashed.calls.map((call) => call.step)).toEqual(["a", "failure"]);
  });
});

describe("cancellation (windmill-queue jobs.rs, canceled_job_to_result)", () => {
  it("ends the flow without its next steps or its failure module", async () => {
    const { outcome, calls } = await runTestFlow(
      { modules: [step("a"), step("b")], failure_module: step("failure") },
      { cancelAfter: "a" },
    );
    expect(calls.map((call) => call.step)).toEqual(["a"]);
    expect(outcome).toMatchObject({
      success: false,
      canceled: true,
      result: { error: { name: "Canceled", message: "Job canceled: enough by admin" } },
    });
  });
});
