/**
 * How many webhooks a second the ingress commits, beside the least that a webhook can be (ingress/bare_server.ts):
 * each in a process of its own, built and run as the ingress' image is, on the PostgreSQL of TEST_DATABASE_URL, taking
 * turns under the same load.
 * `--seconds N` is how long each of them is under load in a round.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveBunBinary } from "../local/windmill/bun_binary.ts";
import { createTestDatabase, type TestDatabase } from "../tests/helpers/database.ts";
import { insertChatbot } from "../tests/helpers/records.ts";
import { commandAsInTheImage } from "./ingress/as_in_the_image.ts";
import { type ServerProcess, startServerProcess } from "./ingress/server_process.ts";
import { type Load, postFor } from "./ingress/signed_load.ts";
import { CannotMeasureError, percentile, round } from "./measurement.ts";

const ROUNDS = 5;
const WARM_UP_SECONDS = 2;
const APP_SECRET = "the app secret of the bench";
const PHONE_NUMBER_ID = "109876543210987";

export async function measure(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { seconds: { type: "string", default: "5" } } });
  if (process.env.TEST_DATABASE_URL === undefined) {
    throw new CannotMeasureError(
      "Set TEST_DATABASE_URL to a superuser's URL of a PostgreSQL 15 or later with pgvector.",
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "chatbot-bench-"));
  const database = await createTestDatabase();
  const servers: ServerProcess[] = [];
  try {
    const { ingress, bare } = await startServers(database, folder, servers);
    const rounds = await alternate(
      { ingress: ingress.url, bare: bare.url },
      Number(values.seconds),
    );
    return result(rounds);
  } finally {
    for (const server of servers.reverse()) await server.stop();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServers(database: TestDatabase, folder: string, started: ServerProcess[]) {
  await insertChatbot(database, { phone_number_id: PHONE_NUMBER_ID });
  await database.query(
    "create table bare_webhooks (id bigint generated always as identity primary key, body jsonb not null)",
  );
  const start = async (command: readonly string[], env: Record<string, string>) => {
    const server = await startServerProcess(command, env);
    started.push(server);
    return server;
  };
  const fileOf = (name: string) => join(import.meta.dirname, name);
  const windmill = await start([resolveBunBinary(), fileOf("ingress/windmill_server.mjs")], {});
  const bare = await start(await commandAsInTheImage(fileOf("ingress/bare_server.ts"), folder), {
    DATABASE_URL: database.url,
    APP_SECRET,
    NODE_ENV: "production",
  });
  const server = fileOf("../webhook-server/server.ts");
  const ingress = await start(await commandAsInTheImage(server, folder), {
    HOST: "127.0.0.1",
    META_APP_SECRET: APP_SECRET,
    META_VERIFY_TOKEN: "the verify token of the bench",
    INGRESS_DATABASE_URL: database.connectionString("chatbot_ingress"),
    WINDMILL_BASE_URL: windmill.url,
    INGRESS_WINDMILL_TOKEN: "the token of the bench",
    NODE_ENV: "production",
  });
  return { ingress, bare };
}

interface Round {
  ingress: Load;
  bare: Load;
}

async function alternate(urls: Record<keyof Round, string>, seconds: number): Promise<Round[]> {
  const post = (server: keyof Round, duration: number) =>
    postFor(duration, {
      url: urls[server],
      appSecret: APP_SECRET,
      phoneNumberId: PHONE_NUMBER_ID,
    });
  await post("bare", WARM_UP_SECONDS);
  await post("ingress", WARM_UP_SECONDS);
  const rounds: Round[] = [];
  for (let number = 1; number <= ROUNDS; number++) {
    const bare = await post("bare", seconds);
    const ingress = await post("ingress", seconds);
    rounds.push({ bare, ingress });
    console.log(`round ${number}: bare ${shown(bare)} | ingress ${shown(ingress)}`);
  }
  return rounds;
}

function shown({ rps, p50, p99 }: Load): string {
  return `${round(rps, 0)} requests/s, p50 ${round(p50, 1)} ms, p99 ${round(p99, 1)} ms`;
}

function result(rounds: readonly Round[]) {
  const median = (server: keyof Round, value: keyof Load) =>
    percentile(
      rounds.map((round) => round[server][value]),
      0.5,
    );
  const ratios = rounds.map(({ ingress, bare }) => ingress.rps / bare.rps);
  return {
    rps: round(median("ingress", "rps"), 0),
    bare_rps: round(median("bare", "rps"), 0),
    ratio: round(percentile(ratios, 0.5), 3),
    p50_ms: round(median("ingress", "p50"), 1),
    bare_p50_ms: round(median("bare", "p50"), 1),
    p99_ms: round(median("ingress", "p99"), 1),
    bare_p99_ms: round(median("bare", "p99"), 1),
  };
}
