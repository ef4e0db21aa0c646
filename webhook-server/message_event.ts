import { isObject, type Json, type JsonObject } from "./storable_json.ts";
import type { MessageEvent } from "./webhook_event.ts";

/**
 * What a contact says to a chatbot. Reactions, edits, revocations and system notices are no
 * question, and a type that Meta adds tomorrow is not one until we know it.
 */
const CONVERSATIONAL = new Set([
  "text",
  "image",
  "video",
  "audio",
  "voice",
  "document",
  "sticker",
  "location",
  "contacts",
  "interactive",
  "button",
  "order",
  "unsupported",
]);
const BUTTONS = new Set(["interactive", "button"]);

/** PostgreSQL's btree refuses keys above 2,704 bytes; Meta's ids stay far below this. */
const MAX_ID_LENGTH = 512;

/** An id; BSUID users come with empty strings where a phone number used to be, so empty is absent. */
export function idOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH ? value : null;
}

/** Meta's timestamps are strings of unix seconds. */
export function secondsOf(value: Json | undefined): number | null {
  return typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : null;
}

/**
 * null when this is no message that we could answer.
 * @param contacts - those of the same change, of all its senders.
 */
export function messageEvent(
  message: Json,
  contacts: readonly JsonObject[],
  phoneNumberId: string,
): MessageEvent | null {
  if (!isObject(message) || phoneNumberId === "") return null;
  const id = idOf(message.id);
  const contact = contactOf(message, contacts);
  const bsuid = idOf(message.from_user_id) ?? idOf(contact?.user_id);
  const phone = idOf(message.from) ?? idOf(contact?.wa_id);
  const type = typeof message.type === "string" ? message.type : "";
  if (id === null || (bsuid === null && phone === null)) return null;
  // a reply to a group's member would land in a private chat
  if (!CONVERSATIONAL.has(type) || idOf(message.group_id) !== null) return null;
  return {
    kind: "message",
    phone_number_id: phoneNumberId,
    external_id: id,
    payload: { message, profile_name: profileNameOf(contact) },
    sender_bsuid: bsuid,
    sender_phone: phone,
    sent_at: secondsOf(message.timestamp),
    is_immediate: BUTTONS.has(type),
  };
}

/** The contact who wrote the message: a batch mixes senders, so it is never simply the first one. */
function contactOf(message: JsonObject, contacts: readonly JsonObject[]): JsonObject | undefined {
  const bsuid = idOf(message.from_user_id);
  const phone = idOf(message.from);
  return (
    (bsuid === null ? undefined : contacts.find((contact) => contact.user_id === bsuid)) ??
    (phone === null ? undefined : contacts.find((contact) => contact.wa_id === phone))
  );
}

function profileNameOf(contact: JsonObject | undefined): string | null {
  const profile = contact?.profile;
  return isObject(profile) && typeof profile.name === "string" ? profile.name : null;
}
