import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { interleavings, type Step, TakeoverModel } from "./takeover_model.ts";
import { openTakeoverSteps } from "./takeover_steps.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function compare(steps: readonly Step[]): Promise<void> {
  const model = new TakeoverModel();
  const real = await openTakeoverSteps(db);
  const taken: Step[] = [];
  try {
    for (const step of steps) {
      if (!model.isPossible(step)) continue;
      taken.push(step);
      model.take(step);
      await real.take(step);
      expect(await real.seen(), taken.join(", ")).toEqual(model.seen());
    }
  } finally {
    await real.end();
  }
}

it("the model says after each step what the database says", async () => {
  await fc.assert(fc.asyncProperty(interleavings, compare), { numRuns: 60 });
});
