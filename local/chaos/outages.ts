import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../stack.ts";
import type { Fault } from "../whatsapp/faults.ts";
import type { Chance } from "./chance.ts";
import type { RestartableWindmill } from "./restartable_windmill.ts";
import type { UnheardReplies } from "./unheard_replies.ts";

/** Nothing was sent, and we are told so. */
const THROTTLES: readonly Fault[] = [
  { kind: "error", code: 130429 },
  { kind: "error", code: 131056 },
];

/** We are not told whether anything was sent, but for the shorter delay. */
const UNHEARD: readonly Fault[] = [
  { kind: "error", code: 131000, status: 500 },
  { kind: "error", code: 2, status: 503 },
  { kind: "http", status: 502, body: "<html>Bad gateway</html>" },
  { kind: "drop", accepted: true },
  { kind: "drop", accepted: false },
  // within the 15 s that a send waits, and beyond them
  { kind: "delay", milliseconds: 4_000 },
  { kind: "delay", milliseconds: 17_000 },
  { kind: "hang", accepted: true },
  { kind: "hang", accepted: false },
];

const GRAPH_FAULTS = [...THROTTLES, ...UNHEARD];

export interface Outages {
  graphFaults: number;
  databaseRestarts: number;
  windmillRestarts: number;
}

export interface Sufferers {
  stack: Stack;
  windmill: RestartableWindmill;
  unheard: UnheardReplies;
}

/** Until it is stopped: faults of the Graph API, broken databases, and Windmill away for seconds. */
export async function haveOutages(
  { stack, windmill, unheard }: Sufferers,
  chance: Chance,
  signal: AbortSignal,
): Promise<Outages> {
  const had: Outages = { graphFaults: 0, databaseRestarts: 0, windmillRestarts: 0 };
  for (let second = 0; !signal.aborted; second++) {
    await sleep(1_000);
    await unheard.lookAgain(stack);
    if (chance("graph", second) < 0.25) {
      const fault = GRAPH_FAULTS[Math.floor(chance("fault", second) * GRAPH_FAULTS.length)];
      const spares = (key: string) => UNHEARD.some((one) => one === fault) && unheard.has(key);
      if (fault !== undefined) stack.whatsapp.failNext(fault, { spares });
      had.graphFaults += 1;
    }
    if (second % 20 === 13) {
      await breakDatabaseConnections(stack);
      had.databaseRestarts += 1;
    }
    if (second % 45 === 30) {
      await windmill.awayFor(1_000 + chance("away", second) * 3_000);
      had.windmillRestarts += 1;
    }
  }
  return had;
}

/** As a fast restart does it to its clients; the server itself may be shared, so it stays up. */
async function breakDatabaseConnections({ admin }: Stack): Promise<void> {
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and usename in ('chatbot_app', 'chatbot_ingress')`,
  );
}
