import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i;

/** Whether a header has the shape of a signature; says nothing about whether it is right. */
export function looksLikeSignature(header: string | undefined): header is string {
  return header !== undefined && SIGNATURE.test(header);
}

/**
 * Whether `X-Hub-Signature-256` was made from exactly these bytes with one of the secrets.
 * The bytes, never the parsed body: Meta signs the text with every non-ASCII character escaped
 * as \uXXXX, which a second JSON.stringify would not reproduce.
 */
export function isSignedBy(
  secrets: readonly string[],
  body: Buffer,
  header: string | undefined,
): boolean {
  const digits = header?.match(SIGNATURE)?.[1];
  if (digits === undefined) return false;
  const given = Buffer.from(digits, "hex");
  return secrets.some((secret) =>
    timingSafeEqual(createHmac("sha256", secret).update(body).digest(), given),
  );
}

/** Compares in a time that tells nothing about how much of `given` is right, nor about the length. */
export function isSameSecret(expected: string, given: string): boolean {
  // timingSafeEqual throws on unequal lengths, so both become 32 bytes first
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
