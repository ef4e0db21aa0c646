import { type Delivery, deliverMessage } from "../platform/deliver_message.ts";
import { type Database, type Postgresql, withDb } from "../platform/postgres.ts";
import { recordReplyMessages } from "../platform/reply_messages.ts";
import { readWhatsApp, type WhatsAppFor } from "../platform/whatsapp_numbers.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";

/**
 * sent: WhatsApp accepted every message of the reply, now or earlier. not_sent_again: an earlier attempt went
 * wrong or is still at it. withheld: a person took over, or the contact was blocked, before it was sent, or it waits for
 * a token that Meta takes.
 */
export interface SentReply {
  readonly outcome: "sent" | "not_sent_again" | "superseded" | "withheld";
  readonly turn_id: string;
  readonly wamids: readonly string[];
}

/** Step 3. Sends the turn's reply to the contact on WhatsApp. */
export async function main(turn_id: string, fence: number, db: Postgresql): Promise<SentReply> {
  const whatsAppFor = await readWhatsApp();
  return withDb(db, (database) => sendReply(database, whatsAppFor, turn_id, fence));
}

export async function sendReply(
  database: Database,
  whatsAppFor: WhatsAppFor,
  turnId: string,
  fence: number,
): Promise<SentReply> {
  const { organizationId, result: parts } = await withTenantOfTurn(database, turnId, (tenant) =>
    recordReplyMessages(tenant, turnId, fence),
  );
  const wamids: string[] = [];
  const ended = (outcome: SentReply["outcome"]) => ({ outcome, turn_id: turnId, wamids });
  if (parts === undefined) return ended("superseded");
  // one after the other: WhatsApp keeps no order of its own, and a part without the one before it misleads
  for (let part = 0; part < parts; part++) {
    const reply = { organizationId, turnId, fence, part };
    const delivery = await deliverMessage(database, whatsAppFor, reply);
    if (delivery.outcome === "accepted") wamids.push(delivery.wamid);
    else if (!wasAccepted(delivery)) {
      return ended(delivery.outcome === "already" ? "not_sent_again" : delivery.outcome);
    }
  }
  return ended("sent");
}

const ACCEPTED = new Set(["accepted", "sent", "delivered", "read", "played"]);

function wasAccepted(delivery: Exclude<Delivery, { outcome: "accepted" }>): boolean {
  return delivery.outcome === "already" && ACCEPTED.has(delivery.deliveryStatus);
}
