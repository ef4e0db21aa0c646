/** A person with WhatsApp. */
export interface Contact {
  /** Business-scoped user id, e.g. `US.13491208655302741918`: the one id that is always there. */
  userId: string;
  /** The phone number in digits. Meta leaves it out, or sends "", for people with a username. */
  waId?: string;
  name: string;
}

/** What a test or the phone page says of a contact; the user id is derived from the phone number. */
export type ContactInput = { name?: string } & (
  | { waId: string; userId?: string }
  | { waId?: string; userId: string }
);

/** A business' number, as the shop has it in its Meta app. */
export interface PhoneNumber {
  phoneNumberId: string;
  /** Digits only, as in `metadata.display_phone_number`. */
  displayPhoneNumber: string;
  accessToken: string;
  /** The WhatsApp business account that owns the number: `entry[].id`. */
  businessAccountId: string;
}

export type MessageStatus = "accepted" | "sent" | "delivered" | "read" | "failed";

/** One message of a conversation, in either direction. */
export interface Message {
  direction: "from_contact" | "to_contact";
  wamid: string;
  phoneNumberId: string;
  contact: Contact;
  type: string;
  /** What the contact reads: a text's body, a caption, a template's name, an emoji. */
  text: string;
  status: MessageStatus;
  /** Unix time in milliseconds. */
  at: number;
  /** Graph's code, when the status is `failed`. */
  errorCode?: number;
  bizOpaqueCallbackData?: string;
  /** The header of the request that it came with. */
  traceparent?: string;
  /** The wamid that this message quotes or reacts to. */
  repliesTo?: string;
}

export interface StatusChange {
  wamid: string;
  status: MessageStatus;
  errorCode?: number;
}

export interface Typing {
  phoneNumberId: string;
  contact: Contact;
  /** Unix time in milliseconds; an answer ends it earlier. */
  until: number;
}
