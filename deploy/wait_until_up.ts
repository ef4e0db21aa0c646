import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Queryable, withConnection } from "../db/connection.ts";
import { DeployError } from "./deploy_error.ts";
import { reasonOf } from "./doctor/reason.ts";
import type { Tell } from "./run_units.ts";
import { WindmillRefusedError, WindmillUnreachableError } from "./windmill/errors.ts";
import type { WindmillApi } from "./windmill/windmill_api.ts";

const PAUSE_MILLISECONDS = 1_000;

export interface Patience {
  seconds: number;
  /** For one attempt to connect: a host that swallows packets says nothing at all. */
  attemptMilliseconds: number;
  tell: Tell;
}

/** A Windmill that was just started migrates its database first, which takes a minute. */
export async function waitForWindmill(api: WindmillApi, patience: Patience): Promise<void> {
  const hint = `Start it (docker compose up -d), or set WINDMILL_URL.`;
  await until(`Windmill at ${api.url}`, hint, patience, async () => {
    try {
      await api.version();
      return undefined;
    } catch (cause) {
      if (cause instanceof WindmillUnreachableError) return cause;
      // a proxy whose Windmill is not up yet
      if (cause instanceof WindmillRefusedError && cause.status >= 500) return cause;
      throw cause;
    }
  });
}

/** PostgreSQL, whatever database the URL names. Its refusals are no reason to wait. */
export async function waitForPostgres(databaseUrl: string, patience: Patience): Promise<void> {
  const { host } = new URL(databaseUrl);
  const hint = "Start it (docker compose up -d), or correct DATABASE_URL.";
  await until(`PostgreSQL at ${host}`, hint, patience, async () => {
    try {
      const ask = (database: Queryable) => database.query("select 1");
      await withConnection(databaseUrl, ask, patience.attemptMilliseconds);
      return undefined;
    } catch (cause) {
      const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
      // not there yet: migrations make it
      if (code === NO_SUCH_DATABASE) return undefined;
      if (code === undefined || code === STARTING_UP) return cause;
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new DeployError(`DATABASE_URL does not open: ${problem}. Correct it where it is set.`, {
        cause,
      });
    }
  });
}

const NO_SUCH_DATABASE = "3D000";
const STARTING_UP = "57P03";

/** `attempt` answers what is wrong, or nothing. */
async function until(
  what: string,
  hint: string,
  { seconds, tell }: Patience,
  attempt: () => Promise<unknown>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  for (let tries = 0; ; tries += 1) {
    const cause = await attempt();
    if (cause === undefined) return;
    if (tries === 0) {
      const why = `${reasonOf(cause)}; Ctrl-C if the address is wrong`;
      tell(`waiting    ${what}, for ${seconds} s at most (${why})`);
    }
    if (Date.now() >= deadline) {
      throw new DeployError(`${what} is not up after ${seconds} s: ${reasonOf(cause)}. ${hint}`, {
        cause,
      });
    }
    await sleep(PAUSE_MILLISECONDS);
  }
}
