/** PostgreSQL stores neither NUL nor half of a surrogate pair, and models write both. */
export function storableText(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, "\uFFFD");
}

/** JSON for a jsonb parameter, its strings and property names made storable: models write both. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner === "string") return storableText(inner);
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, item]) => [storableText(name), item]),
    );
  });
}
