import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../stack.ts";
import type { Fault } from "../whatsapp/faults.ts";
import type { Chance } from "./chance.ts";
import type { RestartableWindmill } from "./restartable_windmill.ts";
import type { Saboteur } from "./saboteur.ts";
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

export interface Scene {
  stack: Stack;
  windmill: RestartableWindmill;
  saboteur: Saboteur;
  unheard: UnheardReplies;
}

const LOOKS_MS = 500;
/** Of sends. */
const FAULTY = 0.15;
/** In jobs, which two cores start some fifteen of a second. */
const DATABASE_BREAKS_EVERY = 250;
const WINDMILL_LEAVES_EVERY = 600;
/** A small run has its share, too. */
const FIRST_BREAK = 60;
const FIRST_LEAVE = 120;

/**
 * Until it is stopped: faults of the Graph API, broken databases, and Windmill away for seconds. Each comes after so
 * many jobs and not after so many seconds, or a slow machine would lose every flow before it ends.
 */
export async function haveOutages(
  scene: Scene,
  chance: Chance,
  signal: AbortSignal,
): Promise<Outages> {
  const { stack, windmill, saboteur, unheard } = scene;
  const had: Outages = { graphFaults: 0, databaseRestarts: 0, windmillRestarts: 0 };
  for (let sends = 0; !signal.aborted; ) {
    await sleep(LOOKS_MS);
    await unheard.lookAgain(stack);
    for (; sends < saboteur.started("send_reply"); sends++) {
      if (chance("graph", sends) >= FAULTY) continue;
      const fault = GRAPH_FAULTS[Math.floor(chance("fault", sends) * GRAPH_FAULTS.length)];
      const spares = (key: string) => UNHEARD.some((one) => one === fault) && unheard.has(key);
      if (fault !== undefined) stack.whatsapp.failNext(fault, { spares });
      had.graphFaults += 1;
    }
    const jobs = saboteur.started();
    if (jobs >= FIRST_BREAK + had.databaseRestarts * DATABASE_BREAKS_EVERY) {
      await breakDatabaseConnections(stack);
      had.databaseRestarts += 1;
    }
    if (jobs >= FIRST_LEAVE + had.windmillRestarts * WINDMILL_LEAVES_EVERY) {
      await windmill.awayFor(1_000 + chance("away", had.windmillRestarts) * 3_000);
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
