import { drawCredentialsKeys, givenCredentialsKeys } from "../../db/credentials_keys.ts";
import { KeySetError, parseKeySet } from "../../f/platform/secrets.ts";
import { DeployError } from "../deploy_error.ts";
import type { Environment } from "../environment.ts";
import { type Item, missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";

const PATH = "f/platform/credentials_keys";
const NAME = `variable ${PATH}`;

/**
 * The keys of stored credentials: made once, of the same file or variable as `db/manage_db.sh seed`
 * seals with, and never overwritten, because what they opened would stay shut for ever.
 */
export function credentialsKeys(session: WindmillSession, env: Environment): Unit {
  return {
    name: "credentials keys",
    async compare(): Promise<Item[]> {
      const given = givenCredentialsKeys(env);
      if (given !== undefined) requireKeySet(given);
      const current = await session.api.variable(PATH);
      if (current === undefined) return [missing(NAME, create)];
      return [same(NAME, strangeKey(given, current.value))];
    },
  };

  async function create(): Promise<void> {
    const value = givenCredentialsKeys(env) ?? drawCredentialsKeys(env);
    const description = "Seals the credentials in the database. Keep a copy beside no backup.";
    await session.api.createVariable(PATH, { value, is_secret: true, description });
  }
}

function requireKeySet(given: string): void {
  try {
    parseKeySet(given);
  } catch (cause) {
    if (!(cause instanceof KeySetError)) throw cause;
    throw new DeployError(`CREDENTIALS_KEYS is no key set. ${cause.message}`, { cause });
  }
}

/** What this machine seals with has to open in Windmill. */
function strangeKey(given: string | undefined, current: string | null | undefined) {
  if (given === undefined || typeof current !== "string") return undefined;
  const ours = parseKeySet(given);
  const theirs = parseKeySet(current).keys.get(ours.current);
  const key = ours.keys.get(ours.current);
  if (theirs !== undefined && key?.equals(theirs)) return undefined;
  return "left alone, but it has not the key of CREDENTIALS_KEYS here, with which db/manage_db.sh seed would seal";
}
