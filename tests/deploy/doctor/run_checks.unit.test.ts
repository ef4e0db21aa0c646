import { expect, it } from "vitest";
import type { Check } from "../../../deploy/doctor/check.ts";
import { makeClients } from "../../../deploy/doctor/clients.ts";
import { failed, ok, skipped, type Verdict } from "../../../deploy/doctor/finding.ts";
import { runChecks } from "../../../deploy/doctor/run_checks.ts";
import { readSettings } from "../../../deploy/settings.ts";

const SETTINGS = readSettings({ DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" });

const check = (name: string, verdicts: Verdict[], needs: Check[] = []): Check => ({
  name,
  needs,
  run: async () => verdicts,
});

const run = (checks: readonly Check[], timeLimitMs?: number) =>
  runChecks(checks, makeClients(SETTINGS), SETTINGS, timeLimitMs);

it("answers in the checks' order, with each check's name", async () => {
  const first = check("first", [ok("one"), ok("two")]);
  expect(await run([first, check("second", [ok("three")])])).toEqual([
    { check: "first", ...ok("one") },
    { check: "first", ...ok("two") },
    { check: "second", ...ok("three") },
  ]);
});

it("makes a finding of a check that throws, and goes on", async () => {
  const broken: Check = {
    name: "broken",
    run: async () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    },
  };
  const [finding, next] = await run([broken, check("next", [ok("runs")])]);
  expect(finding).toMatchObject({ check: "broken", state: "failed" });
  expect(finding?.what).toContain("fetch failed (connect ECONNREFUSED)");
  expect(next).toMatchObject({ state: "ok" });
});

it("does not wait for a check that has no end", async () => {
  const endless: Check = { name: "endless", run: () => new Promise(() => undefined) };
  const findings = await run([endless, check("next", [ok("runs")])], 20);
  expect(findings).toMatchObject([
    { check: "endless", state: "failed", what: expect.stringContaining("0.02 s") },
    { check: "next", state: "ok" },
  ]);
});

it("runs a check once though two need it, and skips those whose need failed or was skipped", async () => {
  let runs = 0;
  const needed: Check = {
    name: "needed",
    run: async () => {
      runs += 1;
      return [failed("is away", "Start it.")];
    },
  };
  const unset = check("unset", [skipped("META_APP_ID")]);
  const findings = await run([
    needed,
    check("a", [ok("never")], [needed]),
    check("b", [ok("never")], [check("between", [ok("never")], [needed])]),
    check("c", [ok("never")], [unset]),
    check("d", [ok("always")]),
  ]);
  expect(runs).toBe(1);
  expect(findings.map(({ state }) => state)).toEqual([
    "failed",
    "skipped",
    "skipped",
    "skipped",
    "ok",
  ]);
  const since = "could not look, since needed failed";
  expect(findings.slice(1, 3).map(({ what }) => what)).toEqual([since, since]);
  expect(findings[3]?.repair).toContain("META_APP_ID");
});
