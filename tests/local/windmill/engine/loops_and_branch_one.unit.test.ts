import { describe, expect, it } from "vitest";
import { failing, runTestFlow, step } from "../../../helpers/engine_host.ts";

function loop(
  extra: object,
  inner: object[] = [step("item", { x: "flow_input.iter.value", i: "flow_input.iter.index" })],
) {
  const iterator = { type: "javascript", expr: "flow_input.items" };
  return {
    modules: [{ id: "loop", value: { type: "forloopflow", iterator, modules: inner, ...extra } }],
  };
}
const input = { items: [10, 20, 30] };
const odd = ({ x }: { x?: unknown }) => {
  if (x === 20) throw new Error("not this one");
  return { x: Number(x) };
};

describe("forloopflow (worker_flow.rs, FlowModuleValue::ForloopFlow)", () => {
  it("runs its modules for each item and results in an array", async () => {
    const scripts = { item: ({ x, i }: { x?: unknown; i?: unknown }) => Number(x) + Number(i) };
    const { outcome } = await runTestFlow(loop({}), { scripts, input });
    expect(outcome.result).toEqual([10, 21, 32]);
  });

  it("stops at the first failing iteration", async () => {
    const { outcome, calls } = await runTestFlow(loop({}), { scripts: { item: odd }, input });
    expect(calls).toHaveLength(2);
    expect(outcome).toMatchObject({ success: false, result: [{ x: 10 }, { error: {} }] });
  });

  it("goes on with skip_failures, with {error} in its place (retrieve_flow_jobs_results)", async () => {
    const { outcome } = await runTestFlow(loop({ skip_failures: true }), {
      scripts: { item: odd },
      input,
    });
    expect(outcome).toMatchObject({ success: true, result: [{ x: 10 }, { error: {} }, { x: 30 }] });
  });

  it("runs at most `parallelism` iterations at once, and all of them", async () => {
    let running = 0;
    let most = 0;
    const item = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return null;
    };
    const flow = loop({ parallel: true, parallelism: 2 });
    const { calls } = await runTestFlow(flow, { scripts: { item }, input });
    expect(calls).toHaveLength(3);
    expect(most).toBe(2);
  });

  it("is only broken by a stop_after_if inside an iteration", async () => {
    const inner = [
      step("item", { x: "flow_input.iter.value" }, { stop_after_if: { expr: "result === 20" } }),
    ];
    const flow = { modules: [...loop({}, inner).modules, step("after")] };
    const { calls } = await runTestFlow(flow, {
      scripts: { item: ({ x }) => x ?? null },
      input,
    });
    expect(calls.map((call) => call.step)).toEqual(["item", "item", "after"]);
  });

  it("is broken by its own stop_after_if, which sees each iteration's result", async () => {
    const [module] = loop({}).modules;
    const stop_after_if = { expr: "result === 20 && all_iters.length === 2" };
    const { calls, outcome } = await runTestFlow(
      { modules: [{ ...module, stop_after_if }, step("after", { all: "results.loop" })] },
      { scripts: { item: ({ x }) => x ?? null, after: ({ all }) => all ?? null }, input },
    );
    expect(calls).toHaveLength(3);
    expect(outcome.result).toEqual([10, 20]);
  });

  it("stops the flow by stop_after_all_iters_if, which sees all results", async () => {
    const [module] = loop({ parallel: true }).modules;
    const stop_after_all_iters_if = { expr: "result.length === 3", skip_if_stopped: true };
    const { calls, outcome } = await runTestFlow(
      { modules: [{ ...module, stop_after_all_iters_if }, step("after")] },
      { input },
    );
    expect(calls.map((call) => call.step)).not.toContain("after");
    expect(outcome).toMatchObject({ success: true, skipped: true });
  });

  it("fails when the iterator is no array", async () => {
    const { outcome } = await runTestFlow(loop({}), { input: { items: "many" } });
    expect(outcome).toMatchObject({ success: false, result: { error: { name: "ExecutionErr" } } });
  });
});

describe("branchone (worker_flow.rs, BranchChosen)", () => {
  const flow = {
    modules: [
      step("a"),
      {
        id: "choice",
        value: {
          type: "branchone",
          branches: [
            { expr: "results.a === 1", modules: [step("first")] },
            { expr: "results.a <= 2", modules: [step("second")] },
          ],
          default: [step("otherwise")],
        },
      },
    ],
  };
  const chosen = async (a: number) => {
    const scripts = {
      a: () => a,
      first: () => "1st",
      second: () => "2nd",
      otherwise: () => "other",
    };
    return (await runTestFlow(flow, { scripts })).outcome.result;
  };

  it("runs the first branch whose predicate holds, or the default, and results in its result", async () => {
    expect(await chosen(1)).toBe("1st");
    expect(await chosen(2)).toBe("2nd");
    expect(await chosen(3)).toBe("other");
  });

  it("fails with the branch", async () => {
    const { outcome } = await runTestFlow(flow, { scripts: { a: () => 1, first: failing(9) } });
    expect(outcome).toMatchObject({ success: false, result: { error: { step_id: "first" } } });
  });
});
