import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { CONNECT_TIMEOUT_MS } from "../db/connection.ts";
import { DeployError } from "./deploy_error.ts";
import type { Tell } from "./run_units.ts";

/** Any fixed number; node-pg-migrate's own lock is another. */
const LOCK = 7_302_614_955;
const PAUSE_MILLISECONDS = 500;
const PATIENCE_MILLISECONDS = 10 * 60_000;

/**
 * Runs `work` while no other deployment with the same PostgreSQL server does. The lock ends with the
 * connection, so a killed deployment leaves none. It is of the database `postgres`, which is there
 * before ours is.
 */
export async function oneAtATime<Result>(
  databaseUrl: string,
  tell: Tell,
  work: () => Promise<Result>,
): Promise<Result> {
  const url = new URL(databaseUrl);
  url.pathname = "/postgres";
  const client = new pg.Client({
    ...{ connectionString: url.href, connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
    keepAlive: true,
  });
  let lost: Error | undefined;
  // unheard, a lost connection would end the process in the middle of a change
  client.on("error", (error) => {
    lost = error;
  });
  await client.connect();
  try {
    await takeLock(client, tell);
    const result = await work();
    if (lost) tell(`note       the lock against a second deployment was lost: ${lost.message}`);
    return result;
  } finally {
    await client.end();
  }
}

async function takeLock(client: pg.Client, tell: Tell): Promise<void> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (let tries = 0; Date.now() < deadline; tries += 1) {
    const { rows } = await client.query<{ taken: boolean }>(
      "select pg_try_advisory_lock($1) as taken",
      [LOCK],
    );
    if (rows[0]?.taken) return;
    if (tries === 0) tell("waiting    another deployment is under way");
    await sleep(PAUSE_MILLISECONDS);
  }
  throw new DeployError("Another deployment has been under way for 10 minutes: look what it does.");
}
