import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chooseModelProvider } from "../model_provider.ts";
import { createServerDatabase, type DatabasePlace } from "../postgres/server_database.ts";
import { FREE_PORTS, type Stack, startStack } from "../stack.ts";
import type { StatusDeliveries } from "../whatsapp/traffic.ts";
import { type Chance, makeChance } from "./chance.ts";
import { startCommitGate } from "./commit_gate.ts";
import { haveOutages, type Outages } from "./outages.ts";
import { RestartableWindmill } from "./restartable_windmill.ts";
import { type Damage, Saboteur } from "./saboteur.ts";
import { settle } from "./settle.ts";
import { UnheardReplies } from "./unheard_replies.ts";
import { judge, type Verdict } from "./verdict.ts";
import { type ChaosOptions, markersIn, writeMessages } from "./write_messages.ts";

export interface ChaosResult extends Verdict {
  stuck_turns: number;
  unknown_open: number;
  damage: Damage & Outages;
  /** What there was to break. */
  turns: number;
  /** Attempts that nobody heard of. */
  unheard_attempts: number;
  seconds: number;
}

const REPOSITORY_ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RECOVERY_PAUSE_MS = 5_000;
const STANDSTILL_MS = 4_000;

/** Lets contacts write while everything breaks, then compares what they received with what they wrote. */
export async function runChaos(options: ChaosOptions, serverUrl: string): Promise<ChaosResult> {
  const startedAt = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), "chatbot-chaos-"));
  const chance = makeChance(options.seed);
  const unheard = new UnheardReplies();
  const saboteur = new Saboteur(join(dataDir, "windmill", "job_dirs"), chance, unheard);
  const database = await createServerDatabase(serverUrl);
  const gate = await startCommitGate({
    host: new URL(serverUrl).hostname,
    port: Number(new URL(serverUrl).port || 5432),
    fateOf: (commit) => saboteur.fateOfCommit(commit),
    kill: (commit) => saboteur.killAtCommit(commit),
  });
  const stack = await startStack({
    dataDir,
    ports: FREE_PORTS,
    provider: chooseModelProvider({}),
    logLevel: "silent",
    statusDeliveries: statusesInDisorder(chance),
    openDatabase: async () => throughGate(database, gate.port),
  });
  const windmill = new RestartableWindmill(
    stack.windmill,
    {
      dataDir: join(dataDir, "windmill"),
      repositoryRoot: REPOSITORY_ROOT,
      ingressToken: stack.installation.ingressWindmillToken,
    },
    (started) => saboteur.watch(started),
  );
  try {
    return await storm({ options, stack, windmill, saboteur, unheard, startedAt });
  } finally {
    await windmill.current.close();
    await stack.close();
    await gate.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Each status webhook one to three times, up to three seconds late, and so in any order. */
function statusesInDisorder(chance: Chance): StatusDeliveries {
  let statuses = 0;
  return () => {
    const number = statuses++;
    const times = 1 + Math.floor(chance("status deliveries", number) * 3);
    return Array.from({ length: times }, (_, n) => chance("status after", number, n) * 3_000);
  };
}

/** Jobs reach the database through the gate; the ingress and what looks on do not. */
function throughGate(database: DatabasePlace, port: number): DatabasePlace {
  return {
    ...database,
    resource: (role) => ({ ...database.resource(role), host: "127.0.0.1", port }),
  };
}

interface Scene {
  options: ChaosOptions;
  stack: Stack;
  windmill: RestartableWindmill;
  saboteur: Saboteur;
  unheard: UnheardReplies;
  startedAt: number;
}

async function storm({
  options,
  stack,
  windmill,
  saboteur,
  unheard,
  startedAt,
}: Scene): Promise<ChaosResult> {
  const chance = makeChance(options.seed);
  stack.models.replyWith(({ messages }) => {
    const asked = JSON.stringify(messages.at(-1)?.content ?? "");
    return { content: `Answer to ${markersIn(asked).join(" ")}` };
  });
  const over = new AbortController();
  const outages = haveOutages({ stack, windmill, saboteur, unheard }, chance, over.signal);
  const recovering = recoverOften(windmill, over.signal);
  const written = await writeMessages({ stack, windmill }, options, chance);
  await queueStopsShrinking(stack);
  over.abort();
  const had = await outages;
  await recovering;
  saboteur.stop();
  // what was lost in the storm is sent once more after it; lost again, it would rightly be given up
  stack.whatsapp.failNoMore();
  const open = await settle(stack, windmill);
  return {
    ...(await judge(stack, written)),
    ...(await countTurns(stack)),
    stuck_turns: open.turns + open.events,
    unknown_open: open.deliveries,
    damage: { ...saboteur.damage, ...had },
    seconds: Math.round((Date.now() - startedAt) / 1_000),
  };
}

async function countTurns({ admin }: Stack) {
  const [counts] = await admin.query<{ turns: number; unheard_attempts: number }>(
    `select (select count(*)::int from turns) as turns,
       (select coalesce(sum(unheard_attempts), 0)::int from messages) as unheard_attempts`,
  );
  if (counts === undefined) throw new Error("A query without a table has one row.");
  return counts;
}

/** Whoever still waits when nobody has been served for some seconds waits for a clock, not for a worker. */
async function queueStopsShrinking({ admin }: Stack): Promise<void> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let since = Date.now(); Date.now() - since < STANDSTILL_MS; ) {
    const waiting = await admin.query(
      "select from webhook_events where kind = 'message' and status = 'received'",
    );
    if (waiting.length < shortest) {
      shortest = waiting.length;
      since = Date.now();
    }
    await sleep(500);
  }
}

/** Beside its schedule of once a minute. */
async function recoverOften(windmill: RestartableWindmill, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(RECOVERY_PAUSE_MS);
    await windmill.current.runScript("f/operations/recover_turns", {
      db: "$res:f/platform/postgres",
    });
  }
}
