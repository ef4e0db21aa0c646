import type { Tenant } from "../platform/postgres.ts";
import { type WaitingEvent, waitingEvents } from "../platform/waiting_events.ts";
import { parseMessage } from "./parse_message.ts";
import type { LockedContact } from "./resolve_contact.ts";
import { type DatedMessage, saveContactMessages } from "./save_contact_messages.ts";

/** A waiting event and the message in it. */
export interface Waiting {
  readonly event: WaitingEvent;
  readonly message: DatedMessage;
}

export async function readWaiting(tenant: Tenant, contact: LockedContact): Promise<Waiting[]> {
  const events = await waitingEvents(tenant, contact);
  return events.map((event) => ({
    event,
    message: { ...parseMessage(event.payload), sentAt: event.sent_at ?? event.received_at },
  }));
}

/** Makes the messages part of the turn. */
export async function takeIntoTurn(
  tenant: Tenant,
  contact: LockedContact,
  turnId: string,
  waiting: readonly Waiting[],
): Promise<void> {
  await saveContactMessages(tenant, contact, turnId, messagesOf(waiting));
  await tenant.query(
    `update webhook_events set status = 'processing', turn_id = $2 where id = any($1::bigint[])`,
    [idsOf(waiting), turnId],
  );
}

/** Keeps the messages without answering them. */
export async function keepUnanswered(
  tenant: Tenant,
  contact: LockedContact,
  waiting: readonly Waiting[],
): Promise<void> {
  if (waiting.length === 0) return;
  await saveContactMessages(tenant, contact, null, messagesOf(waiting));
  await endEvents(tenant, waiting, "completed");
}

/** Keeps the messages for the person who has taken the conversation over. */
export async function keepUnread(
  tenant: Tenant,
  contact: LockedContact,
  waiting: readonly Waiting[],
): Promise<void> {
  await keepUnanswered(tenant, contact, waiting);
  await tenant.query("update contacts set unread_count = unread_count + $2 where id = $1", [
    contact.id,
    waiting.filter(({ message }) => message.isAnswerable).length,
  ]);
}

/** Ends the events; their messages are not kept. */
export async function ignoreEvents(tenant: Tenant, waiting: readonly Waiting[]): Promise<void> {
  await endEvents(tenant, waiting, "ignored");
}

/** Ends what only told of the contact's new number or id: it is no part of the conversation. */
export async function endNotices(tenant: Tenant, waiting: readonly Waiting[]): Promise<void> {
  await endEvents(tenant, waiting, "completed");
}

/** What was written since the turn was opened becomes part of it, as long as its reply is not made. */
export async function absorbWaitingEvents(
  tenant: Tenant,
  contact: LockedContact,
  turnId: string,
): Promise<void> {
  const waiting = await readWaiting(tenant, contact);
  // a new number or id waits for the turn's end: until then the turn is the contact's as it was
  const taken = waiting.filter(({ message }) => message.notice?.kind !== "identity");
  if (taken.length > 0) await takeIntoTurn(tenant, contact, turnId, taken);
}

async function endEvents(
  tenant: Tenant,
  waiting: readonly Waiting[],
  status: "completed" | "ignored",
): Promise<void> {
  await tenant.query(
    `update webhook_events set status = $2, processed_at = now() where id = any($1::bigint[])`,
    [idsOf(waiting), status],
  );
}

function idsOf(waiting: readonly Waiting[]): number[] {
  return waiting.map(({ event }) => event.id);
}

export function messagesOf(waiting: readonly Waiting[]): DatedMessage[] {
  return waiting.map(({ message }) => message);
}
