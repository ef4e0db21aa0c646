import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type KeySet, parseKeySet } from "../f/platform/secrets.ts";

const DEFAULT_FILE = ".local/credentials_keys.json";

/**
 * The keys that seal credentials: CREDENTIALS_KEYS, or else a set that is drawn once and kept in a file only its
 * owner can read, since a first try should not fail for want of a key. `tell` says where it is.
 */
export function credentialsKeys(
  env: Readonly<Record<string, string | undefined>>,
  tell: (sentence: string) => void,
): KeySet {
  if (env.CREDENTIALS_KEYS) return parseKeySet(env.CREDENTIALS_KEYS);
  const file = env.CREDENTIALS_KEYS_FILE || DEFAULT_FILE;
  if (!existsSync(file)) {
    const drawn = { current: "1", keys: { "1": randomBytes(32).toString("base64") } };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(drawn), { mode: 0o600 });
  }
  tell(
    `The token is sealed with the keys in ${file}: make them the secret Windmill variable f/platform/credentials_keys.`,
  );
  return parseKeySet(readFileSync(file, "utf8"));
}
