import { webhookError } from "./graph_error.ts";
import type { Contact, Message, PhoneNumber, StatusChange } from "./types.ts";

/** The content of a contact's message as Meta names it, e.g. `{type: "text", text: {body}}`. */
export type MessageContent = { type: string } & Record<string, unknown>;

/** A POST body with one change: what Meta sends when it does not batch. */
export function webhookBody(number: PhoneNumber, value: Record<string, unknown>) {
  return {
    object: "whatsapp_business_account",
    entry: [
      {
        id: number.businessAccountId,
        changes: [
          {
            value: {
              messaging_product: "whatsapp",
              metadata: {
                display_phone_number: number.displayPhoneNumber,
                phone_number_id: number.phoneNumberId,
              },
              ...value,
            },
            field: "messages",
          },
        ],
      },
    ],
  };
}

/** `contacts` and `messages` of a change in which a contact wrote. */
export function contactMessageValue(message: Message, content: MessageContent) {
  return {
    contacts: [contactEntry(message.contact)],
    messages: [
      {
        ...(message.contact.waId === undefined ? {} : { from: message.contact.waId }),
        from_user_id: message.contact.userId,
        id: message.wamid,
        timestamp: unixSeconds(message.at),
        ...(message.repliesTo === undefined ? {} : { context: { id: message.repliesTo } }),
        ...content,
      },
    ],
  };
}

/**
 * `contacts` and `statuses` of a change in which a message of the business moved on.
 * Meta leaves `contacts` out of a failure, and lets the price ride on one status only.
 */
export function statusValue(message: Message, change: StatusChange, at: number, details = "") {
  const { contact } = message;
  return {
    ...(change.status === "failed" ? {} : { contacts: [contactEntry(contact)] }),
    statuses: [
      {
        id: message.wamid,
        status: change.status,
        timestamp: unixSeconds(at),
        ...(contact.waId ? { recipient_id: contact.waId } : {}),
        recipient_user_id: contact.userId,
        ...(message.bizOpaqueCallbackData === undefined
          ? {}
          : { biz_opaque_callback_data: message.bizOpaqueCallbackData }),
        ...(change.status === "delivered" ? { pricing: priceOf(message) } : {}),
        ...(change.errorCode === undefined
          ? {}
          : { errors: [webhookError(change.errorCode, details)] }),
      },
    ],
  };
}

/**
 * The bytes on the wire. Meta signs ASCII: everything else is escaped in lower-case hex, and so are
 * "/" and "@", which is why a signature over `JSON.stringify(req.body)` only works for some bodies.
 */
export function wireBytes(body: unknown): Buffer {
  const json = JSON.stringify(body)
    .replaceAll("/", "\\/")
    .replace(
      /[@\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return Buffer.from(json, "ascii");
}

function contactEntry(contact: Contact) {
  return {
    profile: { name: contact.name },
    ...(contact.waId === undefined ? {} : { wa_id: contact.waId }),
    user_id: contact.userId,
  };
}

/** Since October 2026 replies inside the window are billed as well [Meta: non-template pricing]. */
function priceOf(message: Message) {
  const category = message.type === "template" ? "utility" : "service";
  return { billable: true, pricing_model: "PMP", type: "regular", category };
}

function unixSeconds(milliseconds: number): string {
  return String(Math.floor(milliseconds / 1000));
}
