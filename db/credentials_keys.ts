import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type KeySet, parseKeySet } from "../f/platform/secrets.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_FILE = ".local/credentials_keys.json";

/**
 * The keys that seal credentials: CREDENTIALS_KEYS, or else a set that is drawn once and kept in a file only its
 * owner can read, since a first try should not fail for want of a key. `tell` says where it is.
 */
export function credentialsKeys(env: Environment, tell: (sentence: string) => void): KeySet {
  const given = givenCredentialsKeys(env);
  if (!env.CREDENTIALS_KEYS) {
    tell(
      `The token is sealed with the keys in ${fileOf(env)}: they have to be the secret Windmill variable f/platform/credentials_keys, which npm run deploy makes of them.`,
    );
  }
  return parseKeySet(given ?? drawCredentialsKeys(env));
}

/** The same keys as Windmill's variable holds them; undefined where none were set or drawn yet. */
export function givenCredentialsKeys(env: Environment): string | undefined {
  if (env.CREDENTIALS_KEYS) return env.CREDENTIALS_KEYS;
  return existsSync(fileOf(env)) ? readFileSync(fileOf(env), "utf8") : undefined;
}

/** Draws a set and keeps it in the file. */
export function drawCredentialsKeys(env: Environment): string {
  const drawn = { current: "1", keys: { "1": randomBytes(32).toString("base64") } };
  mkdirSync(dirname(fileOf(env)), { recursive: true });
  writeFileSync(fileOf(env), JSON.stringify(drawn), { mode: 0o600 });
  return JSON.stringify(drawn);
}

const fileOf = (env: Environment): string => env.CREDENTIALS_KEYS_FILE || DEFAULT_FILE;
