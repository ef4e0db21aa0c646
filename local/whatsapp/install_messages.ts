import type { Express } from "express";
import { contactFrom } from "./contacts.ts";
import type { Conversations } from "./conversations.ts";
import { answerFault, type Faults, wasAccepted } from "./faults.ts";
import { GraphError } from "./graph_error.ts";
import {
  type MessageRequest,
  parseMessageRequest,
  type ReadReceipt,
  visibleText,
} from "./message_request.ts";
import type { PairRate } from "./pair_rate.ts";
import type { Traffic } from "./traffic.ts";
import type { Contact, Message } from "./types.ts";

const CUSTOMER_SERVICE_WINDOW_MS = 24 * 60 * 60 * 1_000;

export interface MessagesDeps {
  conversations: Conversations;
  traffic: Traffic;
  faults: Faults;
  pairRate: PairRate;
  now: () => number;
}

/** POST /{phone_number_id}/messages: messages to contacts, and read receipts with typing. */
export function installMessages(app: Express, deps: MessagesDeps): void {
  app.post("/:version/:phoneNumberId/messages", (req, res) => {
    const { phoneNumberId } = req.params;
    const request = parseMessageRequest(req.body);
    if ("status" in request) {
      if (answerFault(res, deps.faults.next("read"))) return;
      markRead(deps, phoneNumberId, request);
      res.json({ success: true });
      return;
    }
    requireTarget(deps, phoneNumberId, request);
    deps.pairRate.count(phoneNumberId, recipientOf(deps.conversations, request).userId);
    const fault = deps.faults.next("message", request.biz_opaque_callback_data);
    const accepted = wasAccepted(fault)
      ? accept(deps, phoneNumberId, request, req.get("traceparent"))
      : undefined;
    if (accepted !== undefined) {
      const failure =
        fault?.kind === "fails_later"
          ? { code: fault.code, details: "Ordered by failNext()." }
          : whyUndeliverable(deps, accepted, request);
      void (failure === undefined
        ? deps.traffic.deliver(accepted)
        : deps.traffic.fail(accepted, failure.code, failure.details));
    }
    if (answerFault(res, fault) || accepted === undefined) return;
    const answer = {
      messaging_product: "whatsapp",
      contacts: [inputAndId(request, accepted.contact)],
      messages: [{ id: accepted.wamid }],
    };
    if (fault?.kind === "delay") setTimeout(() => res.json(answer), fault.milliseconds).unref();
    else res.json(answer);
  });
}

function markRead(deps: MessagesDeps, phoneNumberId: string, receipt: ReadReceipt): void {
  const message = deps.conversations.get(receipt.message_id);
  if (message?.direction !== "from_contact" || message.phoneNumberId !== phoneNumberId) {
    throw unknownMessage(receipt.message_id);
  }
  // Meta marks the earlier messages of the conversation as read with it.
  for (const earlier of deps.conversations.all()) {
    const same =
      earlier.direction === "from_contact" &&
      earlier.phoneNumberId === phoneNumberId &&
      earlier.contact.userId === message.contact.userId;
    if (same) deps.traffic.advance({ wamid: earlier.wamid, status: "read" });
    if (earlier.wamid === message.wamid) break;
  }
  if (receipt.typing_indicator !== undefined) deps.traffic.typing(message);
}

/** A reaction needs a message that it belongs to; a quote of an unknown one is only not shown. */
function requireTarget(deps: MessagesDeps, phoneNumberId: string, request: MessageRequest): void {
  if (request.type !== "reaction") return;
  const target = deps.conversations.get(request.reaction.message_id);
  if (target?.phoneNumberId !== phoneNumberId) throw unknownMessage(request.reaction.message_id);
}

function unknownMessage(wamid: string): GraphError {
  return new GraphError({ code: 131009, details: `Message id ${wamid} is not of this number.` });
}

function accept(
  deps: MessagesDeps,
  phoneNumberId: string,
  request: MessageRequest,
  traceparent: string | undefined,
): Message {
  const repliesTo =
    request.type === "reaction" ? request.reaction.message_id : request.context?.message_id;
  return deps.traffic.toContact({
    phoneNumberId,
    contact: recipientOf(deps.conversations, request),
    type: request.type,
    text: visibleText(request),
    ...(request.biz_opaque_callback_data === undefined
      ? {}
      : { bizOpaqueCallbackData: request.biz_opaque_callback_data }),
    ...(repliesTo === undefined ? {} : { repliesTo }),
    ...(traceparent === undefined ? {} : { traceparent }),
  });
}

/** Meta: with both `to` and `recipient`, `to` wins. */
function recipientOf(conversations: Conversations, request: MessageRequest): Contact {
  const id = request.to ?? request.recipient ?? "";
  const known = conversations.contact(id);
  if (known !== undefined) return known;
  return contactFrom(request.to === undefined ? { userId: id } : { waId: id.replace(/\D/g, "") });
}

/** Meta accepts these messages and says only later, by a status, that they will not arrive. */
function whyUndeliverable(
  deps: MessagesDeps,
  message: Message,
  request: MessageRequest,
): { code: number; details: string } | undefined {
  if (request.to !== undefined && !request.to.startsWith("+")) {
    return {
      code: 131026,
      details: `"${request.to}" has no plus sign: Meta reads it in the business' own country.`,
    };
  }
  if (message.type === "template") return undefined;
  const last = deps.conversations.lastFromContact(message.phoneNumberId, message.contact);
  if (last !== undefined && deps.now() - last < CUSTOMER_SERVICE_WINDOW_MS) return undefined;
  return {
    code: 131047,
    details: "More than 24 hours have passed since the contact last wrote to this number.",
  };
}

function inputAndId(request: MessageRequest, contact: Contact) {
  if (request.to !== undefined) return { input: request.to, wa_id: contact.waId };
  return { input: request.recipient, user_id: contact.userId };
}
