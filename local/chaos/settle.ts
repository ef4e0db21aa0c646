import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../stack.ts";
import type { RestartableWindmill } from "./restartable_windmill.ts";

/** What has not come to an end. */
export interface Open {
  events: number;
  turns: number;
  deliveries: number;
}

const QUIET_MS = 2_000;
const ROUNDS = 15;

/**
 * Lets what is under way end, then moves the clock on and lets recover_turns work, until nothing is open. The clock
 * moves only while nothing runs and no status webhook is under way: neither a job's lease nor a status may be missed
 * for a time that did not pass.
 */
export async function settle(stack: Stack, windmill: RestartableWindmill): Promise<Open> {
  for (let round = 0; round < ROUNDS; round++) {
    await quiet(stack, windmill);
    const open = await whatIsOpen(stack);
    if (open.events + open.turns + open.deliveries === 0) return open;
    await moveClock(stack);
    await windmill.current.runScript("f/operations/recover_turns", {
      db: "$res:f/platform/postgres",
    });
  }
  await quiet(stack, windmill);
  return whatIsOpen(stack);
}

/** Nothing has run or waited in Windmill for a while, and no status webhook is on its way. */
async function quiet({ whatsapp }: Stack, { current }: RestartableWindmill): Promise<void> {
  for (let since = Date.now(); Date.now() - since < QUIET_MS; ) {
    await sleep(100);
    if (!current.isIdle() || whatsapp.isReporting()) since = Date.now();
  }
}

async function whatIsOpen({ admin }: Stack): Promise<Open> {
  const [open] = await admin.query<Open>(
    `select
       (select count(*)::int from webhook_events where kind = 'message' and status in ('received', 'processing')) as events,
       (select count(*)::int from turns where finished_at is null) as turns,
       (select count(*)::int from messages where delivery_status in ('pending', 'sending', 'unknown')) as deliveries`,
  );
  if (open === undefined) throw new Error("A query without a table has one row.");
  return open;
}

async function moveClock({ admin }: Stack): Promise<void> {
  const by = "interval '40 minutes'";
  await admin.query(
    `update turns set lease_expires_at = lease_expires_at - ${by}, recovered_at = recovered_at - ${by}
     where finished_at is null`,
  );
  await admin.query(
    `update webhook_events set received_at = received_at - ${by}, recovered_at = recovered_at - ${by}`,
  );
  await admin.query(
    `update messages set status_changed_at = status_changed_at - ${by}
     where delivery_status in ('sending', 'unknown')`,
  );
}
