import { expect, it } from "vitest";
import { runChaos } from "../local/chaos/run_chaos.ts";

/** As `npm run chaos -- --messages 200 --contacts 40 --seed 1`. */
const PATIENCE_MS = 600_000;

it(
  "loses, doubles and swaps no message and leaves nothing open, whatever breaks",
  async () => {
    const serverUrl = process.env.TEST_DATABASE_URL ?? "";
    const result = await runChaos({ messages: 200, contacts: 40, seed: 1 }, serverUrl);
    expect(result).toMatchObject({
      problems: [],
      lost: 0,
      double_replies: 0,
      out_of_order: 0,
      stuck_turns: 0,
      unknown_open: 0,
    });
    // control: there was something to survive
    expect(result.damage.jobsKilled).toBeGreaterThan(0);
    expect(result.damage.graphFaults).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
