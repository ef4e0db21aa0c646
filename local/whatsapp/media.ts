import { createHash, randomBytes, randomInt } from "node:crypto";
import type { MessageContent } from "./webhook_bodies.ts";

/** A file that a contact sends. */
export interface ContactFile {
  kind: "image" | "audio" | "video" | "document" | "sticker";
  bytes: Uint8Array;
  mimeType: string;
  caption?: string;
  /** of a document */
  filename?: string;
  /** audio only: recorded in the chat */
  voice?: boolean;
}

export interface StoredFile {
  id: string;
  phoneNumberId: string;
  bytes: Uint8Array;
  mimeType: string;
}

/** Meta: an address is valid for 5 minutes. */
const ADDRESS_LIFETIME_MS = 5 * 60 * 1_000;

/** What contacts sent, each under an id, to be downloaded from an address that expires. */
export class Media {
  #files = new Map<string, StoredFile>();
  #addresses = new Map<string, { file: StoredFile; expiresAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps the file, and answers the message that tells of it. */
  add(phoneNumberId: string, file: ContactFile): { id: string; content: MessageContent } {
    const { kind, bytes, mimeType, caption, filename, voice } = file;
    const id = String(randomInt(10 ** 12, 10 ** 13));
    this.#files.set(id, { id, phoneNumberId, bytes, mimeType });
    const about = {
      id,
      mime_type: mimeType,
      // webhooks name the hash in base64, and the Graph API in hexadecimal
      sha256: createHash("sha256").update(bytes).digest("base64"),
      ...(caption === undefined ? {} : { caption }),
      ...(filename === undefined ? {} : { filename }),
      ...(voice === undefined ? {} : { voice }),
    };
    return { id, content: { type: kind, [kind]: about } };
  }

  get(id: string): StoredFile | undefined {
    return this.#files.get(id);
  }

  /** A new address of the file: the key that its download asks for. */
  open(file: StoredFile): string {
    const key = randomBytes(12).toString("base64url");
    this.#addresses.set(key, { file, expiresAt: this.#now() + ADDRESS_LIFETIME_MS });
    return key;
  }

  /** undefined when the address never was, or is no longer, valid. */
  at(key: string): StoredFile | undefined {
    const address = this.#addresses.get(key);
    return address !== undefined && this.#now() < address.expiresAt ? address.file : undefined;
  }

  /** As Meta does after 7 days. */
  forget(): void {
    this.#files.clear();
  }
}
