/**
 * How many turns a second may reserve: on one organization, whose counters are one row that all of them lock, and
 * spread over 200. Beside the least that a quota can be: the conditional update of a bare counter, alone, on one
 * row. They take turns on the PostgreSQL of TEST_DATABASE_URL. `--seconds N` is how long each runs in a round.
 */

import { parseArgs } from "node:util";
import pg from "pg";
import { reserveMessage } from "../f/chat/reserve_message.ts";
import { withDb, withTenant } from "../f/platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../tests/helpers/database.ts";
import { insertOrganization } from "../tests/helpers/records.ts";
import { CannotMeasureError, percentile, round } from "./measurement.ts";

const ROUNDS = 5;
const CONNECTIONS = 32;
const ORGANIZATIONS = 200;
const PERIOD = "2026-11-01";
const PLENTY = 1_000_000_000;

/** Runs until the time is up; the number is the connection's. Returns how often. */
type Load = (connection: number, until: number) => Promise<number>;
type Rates = Record<"bare" | "hot" | "spread", number>;

export async function measure(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { seconds: { type: "string", default: "3" } } });
  if (process.env.TEST_DATABASE_URL === undefined) {
    throw new CannotMeasureError(
      "Set TEST_DATABASE_URL to a superuser's URL of a PostgreSQL 15 or later with pgvector.",
    );
  }
  const database = await createTestDatabase();
  try {
    const loads = await prepare(database);
    return result(await alternate(loads, Number(values.seconds)));
  } finally {
    await database.close();
  }
}

async function prepare(database: TestDatabase): Promise<Record<keyof Rates, Load>> {
  await database.query(
    "create table bare_quota (id integer primary key, used integer not null, quota integer not null)",
  );
  await database.query("insert into bare_quota values (1, 0, $1)", [PLENTY]);
  const organizations: string[] = [];
  for (let at = 0; at < ORGANIZATIONS; at++) {
    const limits = { message_limit: PLENTY, token_limit: PLENTY * 100_000 };
    organizations.push((await insertOrganization(database, limits)).id);
  }
  const hot = organizations.slice(0, 1);
  return {
    bare: (_, until) => updateBare(database, until),
    hot: (_, until) => reserve(database, hot, 0, until),
    spread: (connection, until) => reserve(database, organizations, connection, until),
  };
}

/** One message each, as a turn does; over the organizations in turn. */
function reserve(
  database: TestDatabase,
  organizations: readonly string[],
  first: number,
  until: number,
): Promise<number> {
  return withDb(database.resource("chatbot_app"), async (connection) => {
    let count = 0;
    for (; performance.now() < until; count++) {
      // far apart, so that connections do not follow each other from row to row
      const organization = organizations[(first * 7 + count) % organizations.length] ?? "";
      const reserved = await withTenant(connection, organization, (tenant) =>
        reserveMessage(tenant, PERIOD),
      );
      if (!reserved) throw new CannotMeasureError("The quota of the bench is used up.");
    }
    return count;
  });
}

async function updateBare(database: TestDatabase, until: number): Promise<number> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    let count = 0;
    for (; performance.now() < until; count++) {
      await client.query(
        "update bare_quota set used = used + 1 where id = $1 and used < quota",
        [1],
      );
    }
    return count;
  } finally {
    await client.end();
  }
}

/** Times a second, over all connections. */
async function rateOf(load: Load, seconds: number): Promise<number> {
  const start = performance.now();
  const until = start + seconds * 1_000;
  const counts = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, connection) => load(connection, until)),
  );
  const taken = (performance.now() - start) / 1_000;
  return counts.reduce((sum, count) => sum + count, 0) / taken;
}

async function alternate(loads: Record<keyof Rates, Load>, seconds: number): Promise<Rates[]> {
  // opens each organization's period
  for (const load of [loads.bare, loads.hot, loads.spread]) await rateOf(load, 1);
  const rounds: Rates[] = [];
  for (let number = 1; number <= ROUNDS; number++) {
    const rates: Rates = {
      bare: await rateOf(loads.bare, seconds),
      hot: await rateOf(loads.hot, seconds),
      spread: await rateOf(loads.spread, seconds),
    };
    rounds.push(rates);
    console.log(
      `round ${number}: bare ${round(rates.bare, 0)}/s | one organization ${round(rates.hot, 0)}/s | ${ORGANIZATIONS} organizations ${round(rates.spread, 0)}/s`,
    );
  }
  return rounds;
}

/** Medians of the rounds; the ratio is of one organization to the bare counter. */
function result(rounds: readonly Rates[]) {
  const median = (value: (rates: Rates) => number) => percentile(rounds.map(value), 0.5);
  return {
    hot_tps: round(
      median(({ hot }) => hot),
      0,
    ),
    spread_tps: round(
      median(({ spread }) => spread),
      0,
    ),
    bare_hot_tps: round(
      median(({ bare }) => bare),
      0,
    ),
    ratio: round(
      median(({ hot, bare }) => hot / bare),
      3,
    ),
  };
}
