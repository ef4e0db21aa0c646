import { z } from "zod";

const SHAPE =
  "must be postgresql://<user>:<password>@<host>:<port>/<database>, and in a password %, /, ? and # are written %25, %2F, %3F and %23";

/**
 * A connection string that everybody reads alike: with a password pasted into it as it is, `u:1/a@host/name` would
 * be the host `u`.
 */
export const postgresUrl = z
  .url({ protocol: /^postgres(ql)?$/, error: SHAPE, abort: true })
  .refine(namesOneDatabase, { error: SHAPE, abort: true });

function namesOneDatabase(text: string): boolean {
  const { username, password, pathname, hash } = new URL(text);
  const isEncoded = [username, password, pathname].every((part) => !/%(?![\da-f]{2})/i.test(part));
  return isEncoded && hash === "" && /^\/[^/@]+$/.test(pathname);
}

/** As node-postgres wants it in a field of its own: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
