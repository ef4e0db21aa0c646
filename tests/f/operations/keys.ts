import { type KeySet, parseKeySet } from "../../../f/platform/secrets.ts";

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");

/** An installation with one key. */
export const KEYS_JSON = JSON.stringify({ current: "1", keys: { "1": key(7) } });
export const KEYS: KeySet = parseKeySet(KEYS_JSON);

/** The same after a second key was added and made current. */
export const TWO_KEYS: KeySet = parseKeySet(
  JSON.stringify({ current: "2", keys: { "1": key(7), "2": key(8) } }),
);

/** The same after the first key was taken out. */
export const NEW_KEY_ONLY: KeySet = parseKeySet(
  JSON.stringify({ current: "2", keys: { "2": key(8) } }),
);
