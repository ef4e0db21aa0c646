import { expect, it } from "vitest";
import { runChaos } from "../local/chaos/run_chaos.ts";

/** As `npm run chaos -- --messages 60 --contacts 10 --seed 1`: some two minutes on two busy cores. */
const PATIENCE_MS = 480_000;

it(
  "doubles and swaps no message, leaves nothing open and loses none without an alert, whatever breaks",
  async () => {
    const serverUrl = process.env.TEST_DATABASE_URL ?? "";
    const result = await runChaos({ messages: 60, contacts: 10, seed: 1 }, serverUrl);
    expect(result).toMatchObject({
      double_replies: 0,
      out_of_order: 0,
      stuck_turns: 0,
      unknown_open: 0,
    });
    // a reply of which WhatsApp never said whether it has it is not sent again: f/operations/recover_delivery.ts
    expect(result.lost).toBe(result.given_up);
    // control: there was something to survive
    expect(result.damage.jobsKilled).toBeGreaterThan(0);
    expect(result.damage.graphFaults).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
