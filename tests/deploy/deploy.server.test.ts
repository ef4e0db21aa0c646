import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { startInstallation, type TestInstallation } from "./installation.ts";

let database: TestDatabase;
let installation: TestInstallation;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  installation = await startInstallation(database, { isNew: true });
});
afterEach(() => installation.remove());

it("makes one installation of a new Windmill when two begin at once", async () => {
  // which the stand-in for wmill would have to deploy
  rmSync(join(installation.root, "f/operations/recover_turns.schedule.yaml"));
  const both = await Promise.all([installation.deploy(), installation.deploy()]);
  expect(both.filter((changed) => changed === 0)).toHaveLength(1);
});
