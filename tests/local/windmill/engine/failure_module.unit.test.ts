import { describe, expect, it } from "vitest";
import { failing, runTestFlow, step } from "../../../helpers/engine_host.ts";

const boom = failing(999, "Boom");
const inputs = {
  name: "error.name",
  message: "error.message",
  step_id: "error.step_id",
  asJson: "JSON.stringify(error)",
  flow_job_id: "flow_job_id",
  started_at: "started_at",
  n: "flow_input.n",
  a: "results.a",
};
const flow = (handler: object = {}) => ({
  modules: [step("a"), step("b"), step("c")],
  failure_module: step("failure", inputs, handler),
});

describe("the failure module (openflow.openapi.yaml; jseval lib.rs:495)", () => {
  it("sees the error, the flow's input, results and job", async () => {
    const { calls } = await runTestFlow(flow(), {
      scripts: { a: () => 1, b: boom },
      input: { n: 7 },
    });
    const { asJson, message, ...args } = calls.at(-1)?.args ?? {};
    expect(args).toEqual({
      name: "Boom",
      step_id: "b",
      flow_job_id: "flow-job",
      started_at: "2026-01-01T00:00:00.000Z",
      n: 7,
      a: 1,
    });
    expect(JSON.parse(String(asJson))).toEqual({ name: "Boom", message, step_id: "b" });
  });

  it("makes its return value the flow's result, and the flow stays failed", async () => {
    const { outcome, calls } = await runTestFlow(flow(), {
      scripts: { b: boom, failure: () => ({ alerted: true }) },
    });
    expect(calls.map((call) => call.step)).toEqual(["a", "b", "failure"]);
    expect(outcome).toMatchObject({ success: false, result: { alerted: true } });
  });

  it("makes the flow a success when it returns recover: true (result_has_recover_true)", async () => {
    const { outcome } = await runTestFlow(flow(), {
      scripts: { b: boom, failure: () => ({ recover: true, note: "settled" }) },
    });
    expect(outcome).toMatchObject({ success: true, result: { note: "settled" } });
  });

  it("is retried by its own policy, and its failure is the flow's result", async () => {
    const retry = { constant: { attempts: 1, seconds: 2 } };
    const { outcome, calls, waits } = await runTestFlow(flow({ retry }), {
      scripts: { b: boom, failure: failing(9, "HandlerFailed") },
    });
    expect(calls.filter((call) => call.step === "failure")).toHaveLength(2);
    expect(waits).toEqual([2000]);
    expect(outcome).toMatchObject({ success: false, result: { error: { name: "HandlerFailed" } } });
  });

  it("runs once the step's own retries are used up", async () => {
    const retry = { constant: { attempts: 2, seconds: 1 } };
    const { calls } = await runTestFlow(
      { modules: [step("b", {}, { retry })], failure_module: step("failure") },
      { scripts: { b: boom } },
    );
    expect(calls.map((call) => call.step)).toEqual(["b", "b", "b", "failure"]);
  });

  it("runs for a stop with an error message", async () => {
    const stop_after_if = { expr: "true", error_message: "enough" };
    const { calls } = await runTestFlow({
      modules: [step("a", {}, { stop_after_if })],
      failure_module: step("failure", { name: "error.name" }),
    });
    expect(calls.at(-1)?.args).toEqual({ name: "EarlyStopError" });
  });
});
