import { createHash } from "node:crypto";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * Meta's deepest known body has 12 levels. JSON.parse reads 100,000, but JSON.stringify in Node
 * overflows its stack at 5,000.
 */
const MAX_DEPTH = 64;
const REPLACEMENT = "\ufffd";

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Replaces what PostgreSQL's jsonb refuses: \u0000 and surrogates without their other half. */
function storableText(text: string): string {
  return text.replaceAll("\u0000", REPLACEMENT).replace(/\p{Surrogate}/gu, REPLACEMENT);
}

/** The same value, fit for jsonb: texts and keys cleaned, and nothing deeper than MAX_DEPTH. */
export function storable(value: Json): Json {
  // all but a few are, and a look costs less than a copy
  return isStorable(value, 0) ? value : storableCopy(value, 0);
}

function isStorable(value: Json, depth: number): boolean {
  if (typeof value === "string") return !(value.includes("\u0000") || /\p{Surrogate}/u.test(value));
  if (typeof value !== "object" || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  for (const key in value) {
    const item = value[key];
    if (!isStorable(key, depth)) return false;
    if (item !== undefined && !isStorable(item, depth + 1)) return false;
  }
  return true;
}

function storableCopy(value: Json, depth: number): Json {
  if (typeof value === "string") return storableText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "(nested too deeply)";
  if (Array.isArray(value)) return value.map((item) => storableCopy(item, depth + 1));
  // fromEntries and not assignment: a key "__proto__" stays an ordinary key
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), storableCopy(item, depth + 1)]),
  );
}

function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

/** sha256 in hexadecimal; the same for objects that differ only in the order of their keys. */
export function hashOfJson(value: Json): string {
  return createHash("sha256")
    .update(JSON.stringify(canonical(value)))
    .digest("hex");
}
