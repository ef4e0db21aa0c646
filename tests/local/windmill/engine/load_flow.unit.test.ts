import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import {
  FlowNotFound,
  loadFlow,
  UnsupportedFlow,
} from "../../../../local/windmill/engine/load_flow.ts";
import { step } from "../../../helpers/engine_host.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flows-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function writeFlow(value: object, extra: object = {}): void {
  const folder = join(root, "f/t/flow__flow");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "flow.yaml"), stringify({ summary: "A flow", value, ...extra }));
  writeFileSync(join(folder, "inline.ts"), "export const main = () => 1;");
}
const load = () => loadFlow(root, "f/t/flow");

describe("loading a flow", () => {
  it("reads the modules and inlines the scripts of its folder", () => {
    const value = {
      type: "rawscript",
      language: "bun",
      content: "!inline inline.ts",
      input_transforms: {},
    };
    writeFlow({ modules: [step("a"), { id: "b", value }] });
    const { value: flow, summary } = load();
    expect(summary).toBe("A flow");
    expect(flow.modules.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(flow.modules[1]?.value).toMatchObject({ content: "export const main = () => 1;" });
  });

  it("says when there is none", () => {
    expect(() => load()).toThrow(FlowNotFound);
  });

  const raw = { type: "rawscript", language: "bun", input_transforms: {} };
  it.each<[string, object, RegExp]>([
    ["an unknown key of a module", { modules: [step("a", {}, { retries: 3 })] }, /retries/],
    ["an unknown key of a retry", { modules: [step("a", {}, { retry: { times: 3 } })] }, /times/],
    [
      "a module type that is not there",
      { modules: [{ id: "a", value: { type: "aiagent" } }] },
      /value/,
    ],
    ["suspend", { modules: [step("a", {}, { suspend: { required_events: 1 } })] }, /suspend/],
    ["a cache", { modules: [step("a", {}, { cache_ttl: 60 })] }, /cache_ttl/],
    ["Enterprise's concurrency limits", { modules: [], concurrent_limit: 1 }, /concurrent_limit/],
    ["an id that is used twice", { modules: [step("a"), step("a")] }, /"a" is used twice/],
    [
      "stop_after_if on a branchall, which Windmill does not look at",
      {
        modules: [
          {
            id: "all",
            value: { type: "branchall", branches: [] },
            stop_after_if: { expr: "true" },
          },
        ],
      },
      /stop_after_all_iters_if/,
    ],
    ["a reserved id", { modules: [step("failure")] }, /reserved/],
    [
      "an inline file that is missing",
      { modules: [{ id: "a", value: { ...raw, content: "!inline no.ts" } }] },
      /no\.ts/,
    ],
  ])("refuses %s and names it", (_title, value, sentence) => {
    writeFlow(value);
    expect(load).toThrow(UnsupportedFlow);
    expect(load).toThrow(sentence);
  });
});
