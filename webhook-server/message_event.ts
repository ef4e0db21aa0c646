import { isObject, type Json, type JsonObject } from "./storable_json.ts";
import type { EchoEvent, MessageEvent } from "./webhook_event.ts";

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
  const sender = { bsuid: idOf(message.from_user_id), phone: idOf(message.from) };
  const contact = contactOf(sender, contacts);
  const said = saidWith(message, sender, contact);
  if (said === null) return null;
  return {
    kind: "message",
    phone_number_id: phoneNumberId,
    ...said,
    payload: { message, profile_name: profileNameOf(contact) },
    is_immediate: BUTTONS.has(String(message.type)),
  };
}

/**
 * What a person of the business wrote to a contact in the WhatsApp Business app, out of the field
 * smb_message_echoes; null for what is no message, such as an edit.
 */
export function echoEvent(
  message: Json,
  contacts: readonly JsonObject[],
  phoneNumberId: string,
): EchoEvent | null {
  if (!isObject(message) || phoneNumberId === "") return null;
  const receiver = { bsuid: idOf(message.to_user_id), phone: idOf(message.to) };
  const said = saidWith(message, receiver, contactOf(receiver, contacts));
  if (said === null) return null;
  return { kind: "echo", phone_number_id: phoneNumberId, ...said, payload: { message } };
}

interface Address {
  bsuid: string | null;
  phone: string | null;
}

/** What messages of either direction have; null without an id, a contact or a type that we know. */
function saidWith(message: JsonObject, address: Address, contact: JsonObject | undefined) {
  const id = idOf(message.id);
  const bsuid = address.bsuid ?? idOf(contact?.user_id);
  const phone = address.phone ?? idOf(contact?.wa_id);
  const type = typeof message.type === "string" ? message.type : "";
  if (id === null || (bsuid === null && phone === null)) return null;
  // a reply to a group's member would land in a private chat
  if (!CONVERSATIONAL.has(type) || idOf(message.group_id) !== null) return null;
  return {
    external_id: id,
    sender_bsuid: bsuid,
    sender_phone: phone,
    sent_at: secondsOf(message.timestamp),
  };
}

/** The contact at that address: a batch mixes contacts, so it is never simply the first one. */
function contactOf(
  { bsuid, phone }: Address,
  contacts: readonly JsonObject[],
): JsonObject | undefined {
  return (
    (bsuid === null ? undefined : contacts.find((contact) => contact.user_id === bsuid)) ??
    (phone === null ? undefined : contacts.find((contact) => contact.wa_id === phone))
  );
}

function profileNameOf(contact: JsonObject | undefined): string | null {
  const profile = contact?.profile;
  return isObject(profile) && typeof profile.name === "string" ? profile.name : null;
}
