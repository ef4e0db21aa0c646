/** PostgreSQL stores neither NUL nor half of a surrogate pair, and models write both. */
export function storableText(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, "\uFFFD");
}

/** JSON for a jsonb parameter, its strings made storable. Property names are taken to be ours. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "string" ? storableText(inner) : inner,
  );
}
