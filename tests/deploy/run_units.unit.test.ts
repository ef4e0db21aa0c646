import { expect, it } from "vitest";
import { applyUnits, checkUnits } from "../../deploy/run_units.ts";
import { different, missing, same, type Unit } from "../../deploy/unit.ts";

const nothing = async () => undefined;
const unit = (name: string, ...items: Awaited<ReturnType<Unit["compare"]>>): Unit => ({
  name,
  compare: async () => items,
});

it("tells what it changed, and counts it", async () => {
  const told: string[] = [];
  const units = [
    unit("a", same("one"), missing("two", nothing, "new")),
    unit("b", different("three", nothing)),
  ];
  expect(await applyUnits(units, (line) => told.push(line))).toBe(2);
  expect(told).toEqual(["unchanged  one", "created    two: new", "changed    three"]);
});

it("compares a unit only after those before it were applied", async () => {
  const order: string[] = [];
  const recorded = (name: string): Unit => ({
    name,
    compare: async () => {
      order.push(`compare ${name}`);
      return [missing(name, async () => order.push(`apply ${name}`))];
    },
  });
  await applyUnits([recorded("a"), recorded("b")], () => undefined);
  expect(order).toEqual(["compare a", "apply a", "compare b", "apply b"]);
});

it("claims nothing that failed", async () => {
  const told: string[] = [];
  const fails = async () => {
    throw new Error("killed");
  };
  const units = [unit("a", missing("one", nothing), missing("two", fails))];
  await expect(applyUnits(units, (line) => told.push(line))).rejects.toThrow("killed");
  expect(told).toEqual(["created    one"]);
});

it("only checks, and counts what cannot be compared yet as a difference", async () => {
  const told: string[] = [];
  const applied = async () => {
    throw new Error("a check applies nothing");
  };
  const first: Unit = { ...unit("first", missing("one", applied)), comesFirst: true };
  const units = [unit("before", different("zero", applied)), first, unit("after", same("two"))];
  expect(await checkUnits(units, (line) => told.push(line))).toBe(3);
  expect(told).toEqual([
    "differs    zero",
    "missing    one",
    "unknown    after: comparable once first is in step",
  ]);
  const inStep: Unit = { ...unit("first", same("one")), comesFirst: true };
  expect(await checkUnits([inStep, unit("after", same("two"))], () => undefined)).toBe(0);
});
