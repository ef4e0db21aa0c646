import { afterAll } from "vitest";
import { closeLeftOpen } from "./database.ts";

/** Runs after a test file's own afterAll: a setup file's hooks come last. */
afterAll(async () => {
  const left = await closeLeftOpen();
  if (left > 0) throw new Error(`${left} test database(s) were left open: close them in afterAll`);
});
