import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLE = "TEST_STACK_BUNDLES";

/**
 * Where the stacks of one worker of vitest, one after the other, keep the scripts' bundles: to make them takes 3 s of
 * a core. Undefined outside of a run.
 */
export function keptBundles(): string | undefined {
  const folder = process.env[VARIABLE];
  return folder && join(folder, process.env.VITEST_POOL_ID ?? "0");
}

/** Makes the folder before a run, and removes it at the end. */
export default async function keepBundles(): Promise<(() => Promise<void>) | undefined> {
  // another project of the same run did
  if (process.env[VARIABLE] !== undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "chatbot-bundles-"));
  process.env[VARIABLE] = folder;
  return async () => {
    delete process.env[VARIABLE];
    await rm(folder, { recursive: true, force: true });
  };
}
