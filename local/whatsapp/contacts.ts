import { createHash } from "node:crypto";
import type { Contact, ContactInput } from "./types.ts";

/**
 * Meta gives every person one id per business portfolio; here it follows from the phone number, so
 * that the same number is the same person after a restart.
 */
export function userIdOf(waId: string): string {
  const digest = createHash("sha256").update(`contact:${waId}`).digest("hex");
  return `US.${BigInt(`0x${digest.slice(0, 16)}`)
    .toString()
    .padStart(20, "1")}`;
}

export function contactFrom(input: ContactInput): Contact {
  const userId = input.userId ?? userIdOf(input.waId ?? "");
  return {
    userId,
    ...(input.waId === undefined ? {} : { waId: input.waId }),
    name: input.name ?? (input.waId || userId),
  };
}

/** Whether a phone number ("+1 (555) 000-2222" or "15550002222") or a user id means this contact. */
export function isContact(contact: Contact, id: string): boolean {
  if (contact.userId === id) return true;
  const digits = id.replace(/\D/g, "");
  return digits !== "" && contact.waId === digits;
}
