/**
 * How long a contact waits for us: from the webhook to the call of the Graph API, less the model's time and the
 * debounce, one turn after the other. `--turns N`; on the PostgreSQL of TEST_DATABASE_URL, else the embedded one.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chooseModelProvider } from "../local/model_provider.ts";
import { FREE_PORTS, type Stack, startStack } from "../local/stack.ts";
import { createTestDatabase } from "../tests/helpers/database.ts";
import { percentile, round } from "./measurement.ts";
import { startCountingGate } from "./turn/counting_gate.ts";

export async function measure(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { turns: { type: "string", default: "200" } } });
  const dataDir = await mkdtemp(join(tmpdir(), "chatbot-bench-"));
  const database = await createTestDatabase();
  const { host, port } = database.resource("chatbot_app");
  const gate = await startCountingGate(host, port);
  const stack = await startStack({
    dataDir,
    ports: FREE_PORTS,
    provider: chooseModelProvider({}),
    logLevel: "silent",
    openDatabase: async () => ({
      ...database,
      resource: (role) => ({ ...database.resource(role), host: "127.0.0.1", port: gate.port }),
    }),
  });
  try {
    return await takeTurns(stack, Number(values.turns), gate.roundTrips);
  } finally {
    await stack.close();
    await gate.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function takeTurns(stack: Stack, turns: number, roundTrips: () => number) {
  await stack.admin.query("update chatbots set debounce_seconds = 0");
  // at once: what remains of the model's time is one local call
  stack.models.replyWith(() => ({ content: "We open at nine." }));
  let jobs = 0;
  stack.windmill.onJob(({ type, kind, path }) => {
    if (type === "started" && kind === "script" && path.startsWith("f/chat/")) jobs += 1;
  });
  // the first turn warms the machine up
  await takeTurn(stack, 0);
  const before = { jobs, roundTrips: roundTrips() };
  const milliseconds: number[] = [];
  for (let turn = 1; turn <= turns; turn++) milliseconds.push(await takeTurn(stack, turn));
  return {
    p50_ms: round(percentile(milliseconds, 0.5), 0),
    p95_ms: round(percentile(milliseconds, 0.95), 0),
    jobs: round((jobs - before.jobs) / turns, 1),
    db_round_trips: round((roundTrips() - before.roundTrips) / turns, 1),
  };
}

/** Milliseconds until WhatsApp has the reply; resolves when the whole turn has ended. */
async function takeTurn({ whatsapp, windmill, shop }: Stack, turn: number): Promise<number> {
  const replied = new Promise<number>((resolve) => {
    const stopListening = whatsapp.onMessage(({ direction }) => {
      if (direction !== "to_contact") return;
      stopListening();
      resolve(performance.now());
    });
  });
  const start = performance.now();
  whatsapp.contactSends({
    phoneNumberId: shop.phoneNumber.phoneNumberId,
    contact: { waId: String(15_550_400_000 + turn) },
    text: "When do you open?",
  });
  const ms = (await replied) - start;
  while (!windmill.isIdle()) await sleep(10);
  return ms;
}
