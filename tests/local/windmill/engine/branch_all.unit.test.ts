import { describe, expect, it } from "vitest";
import { failing, runTestFlow, step } from "../../../helpers/engine_host.ts";

const boom = failing(999);

interface BranchOptions {
  parallel?: boolean;
  skip?: string[];
  handler?: boolean;
}

/** A branchall with one step in each branch, and a step after it. */
function branches(names: string[], { parallel = true, skip = [], handler = false }: BranchOptions) {
  return {
    modules: [
      {
        id: "all",
        value: {
          type: "branchall",
          parallel,
          branches: names.map((name) => ({
            modules: [step(name)],
            skip_failure: skip.includes(name),
          })),
        },
      },
      step("after", { all: "results.all" }),
    ],
    ...(handler ? { failure_module: step("failure", { message: "error.message" }) } : {}),
  };
}

const scripts = {
  one: () => 1,
  two: () => 2,
  bad: boom,
  after: () => "after",
  failure: ({ message }: { message?: unknown }) => ({ handled: String(message) }),
};
const ran = (calls: { step: string }[]) => calls.map((call) => call.step);
const error = { error: expect.objectContaining({ step_id: "bad" }) };

describe("a parallel branchall (worker_flow.rs 948-1035)", () => {
  it("results in an array of the branches' last results, in their order", async () => {
    const slow = () => new Promise<number>((resolve) => setImmediate(() => resolve(1)));
    const { outcome, calls } = await runTestFlow(branches(["one", "two"], {}), {
      scripts: { ...scripts, one: slow },
    });
    expect(calls.at(-1)?.args.all).toEqual([1, 2]);
    expect(outcome).toMatchObject({ success: true, result: "after" });
  });

  it("runs the branches at the same time", async () => {
    let running = 0;
    let most = 0;
    const counted = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return null;
    };
    await runTestFlow(branches(["one", "two"], {}), {
      scripts: { ...scripts, one: counted, two: counted },
    });
    expect(most).toBe(2);
  });

  it("is parallel unless the flow says otherwise", async () => {
    const flow = { modules: [{ id: "all", value: { type: "branchall", branches: [] } }] };
    expect((await runTestFlow(flow)).outcome.result).toEqual([]);
  });

  it("fails with the array when a branch failed, after all have ended", async () => {
    const { outcome, calls } = await runTestFlow(branches(["bad", "two"], {}), { scripts });
    expect(ran(calls)).toEqual(["bad", "two"]);
    expect(outcome).toMatchObject({ success: false, result: [error, 2] });
  });

  it("goes on when the branch that failed has skip_failure, whose element is {error}", async () => {
    const { outcome, calls } = await runTestFlow(branches(["bad", "two"], { skip: ["bad"] }), {
      scripts,
    });
    expect(outcome.success).toBe(true);
    expect(calls.at(-1)?.args.all).toEqual([error, 2]);
  });

  it("does not stop the flow when a branch stops early", async () => {
    const flow = {
      modules: [
        {
          id: "all",
          value: {
            type: "branchall",
            branches: [
              { modules: [step("one", {}, { stop_after_if: { expr: "true" } }), step("two")] },
            ],
          },
        },
        step("after"),
      ],
    };
    const { calls } = await runTestFlow(flow, { scripts });
    expect(ran(calls)).toEqual(["one", "after"]);
  });

  it("lets branches see the steps before it, and hides their ids from those after", async () => {
    const flow = branches(["one"], {});
    const inside = step("one", { before: "results.before", input: "flow_input.n" });
    const { calls } = await runTestFlow(
      {
        modules: [
          step("before"),
          { id: "all", value: { type: "branchall", branches: [{ modules: [inside] }] } },
          step("after", { inside: "results.one" }),
        ],
      },
      { scripts: { ...scripts, before: () => "seen" }, input: { n: 5 } },
    );
    expect(flow.modules).toHaveLength(2);
    expect(calls[1]?.args).toEqual({ before: "seen", input: 5 });
    expect(calls[2]?.args).toEqual({ inside: null });
  });
});

describe("a sequential branchall (worker_flow.rs, skip_seq_branch_failure)", () => {
  it("stops at the first branch that fails without skip_failure", async () => {
    const { outcome, calls } = await runTestFlow(
      branches(["one", "bad", "two"], { parallel: false }),
      { scripts },
    );
    expect(ran(calls)).toEqual(["one", "bad"]);
    expect(outcome).toMatchObject({ success: false, result: [1, error] });
  });

  it("goes past a failing branch with skip_failure", async () => {
    const { outcome, calls } = await runTestFlow(
      branches(["bad", "two"], { parallel: false, skip: ["bad"] }),
      { scripts },
    );
    expect(calls.at(-1)?.args.all).toEqual([error, 2]);
    expect(outcome.success).toBe(true);
  });

  it("stops the flow when a branch stops early", async () => {
    const stops = step("one", {}, { stop_after_if: { expr: "true" } });
    const value = { type: "branchall", parallel: false, branches: [{ modules: [stops] }] };
    const { calls, outcome } = await runTestFlow(
      { modules: [{ id: "all", value }, step("after")] },
      { scripts },
    );
    expect(ran(calls)).toEqual(["one"]);
    expect(outcome).toMatchObject({ success: true, result: [1] });
  });
});

describe("the failure module inside branches (worker_flow.rs, payload_from_modules)", () => {
  it("runs in each failing branch, and its return value is the branch's element", async () => {
    const { outcome, calls } = await runTestFlow(branches(["bad", "two"], { handler: true }), {
      scripts,
    });
    expect(ran(calls).sort()).toEqual(["bad", "failure", "two"]);
    expect(outcome.success).toBe(false);
    expect(outcome.result).toEqual([{ handled: expect.stringMatching(/^failure/) }, 2]);
  });

  it("runs for branches with skip_failure too", async () => {
    const { outcome, calls } = await runTestFlow(
      branches(["bad", "two"], { handler: true, skip: ["bad"] }),
      { scripts },
    );
    expect(ran(calls)).toContain("failure");
    expect(calls.at(-1)?.args.all).toEqual([{ handled: expect.stringMatching(/^failure/) }, 2]);
    expect(outcome.success).toBe(true);
  });

  it("does not run again for the flow when a branch's failure was handled", async () => {
    const { calls } = await runTestFlow(branches(["bad", "bad"], { handler: true }), { scripts });
    expect(ran(calls).filter((name) => name === "failure")).toHaveLength(2);
  });

  it("runs for a later step that fails", async () => {
    const flow = branches(["bad", "two"], { handler: true, skip: ["bad"] });
    const { calls, outcome } = await runTestFlow(flow, { scripts: { ...scripts, after: boom } });
    expect(ran(calls)).toEqual(["bad", "two", "failure", "after", "failure"]);
    expect(outcome.result).toEqual({ handled: expect.stringMatching(/^failure/) });
  });

  it("counts a branch whose handler recovers as a success, in a parallel branchall only", async () => {
    const recovering = { ...scripts, failure: () => ({ recover: true }) };
    const parallel = await runTestFlow(branches(["bad"], { handler: true }), {
      scripts: recovering,
    });
    expect(parallel.outcome.success).toBe(true);
    const sequential = await runTestFlow(branches(["bad"], { handler: true, parallel: false }), {
      scripts: recovering,
    });
    expect(sequential.outcome.success).toBe(false);
  });
});
