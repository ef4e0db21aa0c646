import { describe, expect, it } from "vitest";
import {
  createEvaluator,
  ExpressionFailed,
  errorOf,
} from "../../../../local/windmill/engine/expressions.ts";
import type { Json } from "../../../../local/windmill/json.ts";

const lookups = {
  variable: (path: string) => `value of ${path}`,
  resource: (path: string) => ({ path }),
  flowUserState: (key: string) => `state ${key}`,
};
const evaluate = await createEvaluator(lookups);
const scope = {
  flow_input: { n: 2, text: "héllo 🙂" },
  results: { a: { list: [1, 2], text: "x" } },
  previous_result: { ok: true },
  flow_env: { REGION: "eu" },
};

describe("an expression (windmill-jseval)", () => {
  const cases: [string, string, Json][] = [
    ["reads the flow's input", "flow_input.text", "héllo 🙂"],
    ["is returned without a return", "flow_input.n + 1", 3],
    ["with statements must return", "const m = flow_input.n; return m * 2", 4],
    ["may hold a semicolon in a string", "'a;' + flow_input.n", "a;2"],
    ["may be an object", "({ id: results.a.list[1] })", { id: 2 }],
    ["may span lines and end in a comment", "flow_input.n\n  + 1 // one more", 3],
    ["may end in a semicolon", "flow_input.n;", 2],
    ["sees flow_env", "flow_env.REGION", "eu"],
    ["may await", "await Promise.resolve(results.a.list.length)", 2],
    ["reads a missing result as null", "results.nothing", null],
    ["reads a missing part of a simple path as null", "results.nothing.at.all[0]", null],
    ["turns undefined into null", "undefined", null],
    ["can look up a variable", "variable('f/x/name')", "value of f/x/name"],
    ["can look up a resource", "resource('f/x/db').path", "f/x/db"],
    ["can read the flow's state", "flow_user_state('k')", "state k"],
  ];
  it.each(cases)("%s", (_title, expression, expected) => {
    expect(evaluate(expression, scope)).toEqual(expected);
  });

  it.each([
    ["that throws", "results.a.b.c()"],
    ["that does not parse", "flow_input."],
    ["that reaches for Node", "process.env.HOME"],
    ["that reaches for the network", "fetch('http://127.0.0.1')"],
    ["that never resolves", "new Promise(() => undefined)"],
  ])("%s fails and names itself", (_title, expression) => {
    expect(() => evaluate(expression, scope)).toThrow(ExpressionFailed);
    expect(() => evaluate(expression, scope)).toThrow(expression);
  });

  it("is interrupted when it runs for too long", async () => {
    const impatient = await createEvaluator(lookups, 30);
    expect(() => impatient("(() => { while (true) {} })()", scope)).toThrow(ExpressionFailed);
  });

  it("keeps nothing from one evaluation to the next", () => {
    evaluate("globalThis.kept = 1", scope);
    expect(evaluate("typeof kept", scope)).toBe("undefined");
  });
});

describe("error in an expression (jseval lib.rs:495)", () => {
  const one = { error: { name: "A" } };
  it.each<[string, Json, Json | undefined]>([
    ["is the previous result's error", one, one.error],
    ["is the one error in an array", [1, one], one.error],
    [
      "is MultipleErrors for several in an array",
      [one, one],
      {
        name: "MultipleErrors",
        message: "Multiple errors occurred",
        errors: [one.error, one.error],
      },
    ],
    ["is absent where nothing failed", { ok: true }, undefined],
  ])("%s", (_title, previous, expected) => {
    expect(errorOf(previous)).toEqual(expected);
  });
});
