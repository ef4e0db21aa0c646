import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import * as z from "zod/v4";

/** A credential at rest, as the database's check is_credential_envelope wants it. All but `v` is base64. */
export const credentialEnvelope = z.strictObject({
  v: z.string().min(1),
  iv: z.base64().length(16),
  tag: z.base64().length(24),
  data: z.base64().min(1),
});
export type CredentialEnvelope = z.infer<typeof credentialEnvelope>;

/** The installation's keys by version, 32 bytes each. `current` encrypts; the others still decrypt. */
export interface KeySet {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Whose credential it is. An envelope copied to another row does not open there. */
export interface CredentialOwner {
  readonly organizationId: string;
  readonly credentialId: string;
}

/** f/platform/credentials_keys is not a usable key set. The message never holds the value. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";

  constructor(what: string, options?: ErrorOptions) {
    super(
      `The variable f/platform/credentials_keys ${what}. It is {"current": "1", "keys": {"1": "<32 bytes, base64>"}}.`,
      options,
    );
  }
}

/** A stored credential does not open: another key, another owner, or it was changed. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
  readonly credentialId: string;

  constructor(credentialId: string, what: string, options?: ErrorOptions) {
    super(
      `The credential ${credentialId} ${what}. Store it again, or restore the key it was made with.`,
      options,
    );
    this.credentialId = credentialId;
  }
}

const ALGORITHM = "aes-256-gcm";
const KEY_BYTES = 32;
const IV_BYTES = 12;
/** Node 20 and Bun 1.3 accept a tag cut to 4 bytes unless its length is named. */
const TAG_BYTES = 16;

const keySetJson = z.object({ current: z.string(), keys: z.record(z.string(), z.base64()) });

/** Reads the value of the variable f/platform/credentials_keys. Throws KeySetError. */
export function parseKeySet(json: string): KeySet {
  const parsed = keySetJson.safeParse(parseJson(json));
  if (!parsed.success) throw new KeySetError("has another shape");
  const keys = new Map<string, Buffer>();
  for (const [version, base64] of Object.entries(parsed.data.keys)) {
    const key = Buffer.from(base64, "base64");
    if (key.length !== KEY_BYTES) {
      throw new KeySetError(`holds ${key.length} bytes as key ${version}`);
    }
    keys.set(version, key);
  }
  if (!keys.has(parsed.data.current)) throw new KeySetError("names a current key it does not hold");
  return { current: parsed.data.current, keys };
}

/** Seals a secret with the current key. */
export function encryptCredential(
  keySet: KeySet,
  owner: CredentialOwner,
  secret: string,
): CredentialEnvelope {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyOf(keySet, keySet.current, owner), iv, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(additionalData(owner));
  const data = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return {
    v: keySet.current,
    iv: iv.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    data: data.toString("base64"),
  };
}

/** Opens an envelope that is this owner's. Throws CredentialError. */
export function decryptCredential(
  keySet: KeySet,
  owner: CredentialOwner,
  envelope: unknown,
): string {
  const parsed = credentialEnvelope.safeParse(envelope);
  if (!parsed.success) throw new CredentialError(owner.credentialId, "is not a sealed envelope");
  const { v, iv, tag, data } = parsed.data;
  const decipher = createDecipheriv(ALGORITHM, keyOf(keySet, v, owner), Buffer.from(iv, "base64"), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additionalData(owner));
  try {
    decipher.setAuthTag(Buffer.from(tag, "base64"));
    return Buffer.concat([decipher.update(Buffer.from(data, "base64")), decipher.final()]).toString(
      "utf8",
    );
  } catch (cause) {
    throw new CredentialError(owner.credentialId, "does not open with its key and owner", {
      cause,
    });
  }
}

function keyOf(keySet: KeySet, version: string, owner: CredentialOwner): Buffer {
  const key = keySet.keys.get(version);
  if (!key) {
    throw new CredentialError(owner.credentialId, `was sealed with the missing key ${version}`);
  }
  return key;
}

/** Both are uuids, so the separator cannot be part of either. */
function additionalData({ organizationId, credentialId }: CredentialOwner): Buffer {
  return Buffer.from(`${organizationId}|${credentialId}`, "utf8");
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // without the cause: V8 quotes the text, and the text is the secret
    throw new KeySetError("is not JSON");
  }
}
