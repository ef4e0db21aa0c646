import { hashOfJson, isObject, type Json, type JsonObject } from "./storable_json.ts";
import type { EchoEvent, MessageEvent } from "./webhook_event.ts";

/** What people say to each other. A type that Meta adds tomorrow is none until we know it. */
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
/** What is no question, but changes what is known of the conversation or of who has it. */
const NOTICES = new Set(["reaction", "edit", "revoke", "system"]);
const FROM_CONTACTS = new Set([...CONVERSATIONAL, ...NOTICES]);
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
  const sender = {
    bsuid: idOf(message.from_user_id) ?? previousIdOf(message),
    phone: idOf(message.from),
  };
  const contact = contactOf(sender, contacts);
  const said = saidWith(message, sender, contact, FROM_CONTACTS);
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
  const said = saidWith(message, receiver, contactOf(receiver, contacts), CONVERSATIONAL);
  if (said === null) return null;
  return { kind: "echo", phone_number_id: phoneNumberId, ...said, payload: { message } };
}

/** "User Ana changed from MX.1001 to MX.2002": who it was before stands nowhere else in the notice. */
const CHANGED_ID = /\bfrom ([A-Z]{2}\.[A-Za-z0-9.]{1,140}) to ([A-Z]{2}\.[A-Za-z0-9.]{1,140})$/;

function previousIdOf({ type, system }: JsonObject): string | null {
  if (type !== "system" || !isObject(system) || system.type !== "user_changed_user_id") return null;
  const [, previous, current] = CHANGED_ID.exec(idOf(system.body) ?? "") ?? [];
  return previous !== undefined && current === system.user_id ? previous : null;
}

/**
 * An item of the field user_id_update: Meta gave a contact, who has a new number, a new id. As the message that says
 * the same, from who it was before; null for what names not both ids.
 */
export function identityEvent(update: Json, phoneNumberId: string): MessageEvent | null {
  if (!isObject(update) || phoneNumberId === "" || !isObject(update.user_id)) return null;
  const previous = idOf(update.user_id.previous);
  const current = idOf(update.user_id.current);
  if (previous === null || current === null) return null;
  const system = { type: "user_changed_user_id", user_id: current, wa_id: update.wa_id ?? null };
  return {
    kind: "message",
    phone_number_id: phoneNumberId,
    external_id: hashOfJson(update),
    sender_bsuid: previous,
    sender_phone: null,
    sent_at: secondsOf(update.timestamp),
    payload: { message: { type: "system", system }, profile_name: null },
    is_immediate: false,
  };
}

interface Address {
  bsuid: string | null;
  phone: string | null;
}

/** What messages of either direction have; null without an id, a contact or a type that we know. */
function saidWith(
  message: JsonObject,
  address: Address,
  contact: JsonObject | undefined,
  types: ReadonlySet<string>,
) {
  const id = idOf(message.id);
  const bsuid = address.bsuid ?? idOf(contact?.user_id);
  const phone = address.phone ?? idOf(contact?.wa_id);
  const type = typeof message.type === "string" ? message.type : "";
  if (id === null || (bsuid === null && phone === null)) return null;
  // a reply to a group's member would land in a private chat
  if (!types.has(type) || idOf(message.group_id) !== null) return null;
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
