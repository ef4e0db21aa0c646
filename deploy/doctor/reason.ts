/** Why something was thrown, in a sentence: fetch hides the reason behind "fetch failed", pg may give none. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const inner = cause instanceof Error ? ` (${cause.message || codeOf(cause)})` : "";
  return `${error.message || codeOf(error)}${inner}`;
}

/** Node's AggregateError of several addresses has a code and no message. */
function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : error.name;
}
