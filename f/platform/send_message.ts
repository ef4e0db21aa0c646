import { type Database, type Tenant, withTenant } from "./postgres.ts";
import { CredentialError } from "./secrets.ts";
import type { OutgoingText } from "./whatsapp.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
} from "./whatsapp_errors.ts";
import {
  AccessTokenMissingError,
  type ChatbotNumber,
  type WhatsAppFor,
} from "./whatsapp_numbers.ts";

/** A message whose `sending` is committed with an attempt number: whoever committed it sends it. */
export type Sending = ChatbotNumber &
  Pick<OutgoingText, "body" | "phone" | "bsuid"> & {
    readonly id: number;
    readonly attempts: number;
    readonly delivery_key: string;
  };

/**
 * Calls WhatsApp with no transaction open, commits what came of it, and returns the wamid.
 * Throws MessageRefusedError, AccessTokenMissingError or CredentialError (the message is `failed`),
 * MessageDelayedError (`pending` again, so a retry may send it) or MessageOutcomeUnknownError (`unknown`: only
 * recover_turns lets it be sent again).
 */
export async function sendMessage(
  database: Database,
  whatsAppFor: WhatsAppFor,
  sending: Sending,
): Promise<string> {
  const record = (sent: Sent) =>
    withTenant(database, sending.organization_id, (tenant) => recordAttempt(tenant, sending, sent));
  try {
    const { wamid } = await whatsAppFor(sending).sendText({
      body: sending.body,
      phone: sending.phone,
      bsuid: sending.bsuid,
      deliveryKey: sending.delivery_key,
    });
    await record({ status: "accepted", wamid });
    return wamid;
  } catch (error) {
    const sent = statusAfter(error);
    // what else can go wrong is our own commit: the row stays `sending` until recover_turns doubts it
    if (sent) await record(sent);
    throw error;
  }
}

type Sent =
  | { readonly status: "accepted"; readonly wamid: string }
  | { readonly status: "failed" | "pending" | "unknown"; readonly error: object };

function statusAfter(error: unknown): Sent | undefined {
  if (error instanceof MessageRefusedError) {
    return { status: "failed", error: { kind: error.kind, ...error.refusal } };
  }
  if (error instanceof MessageDelayedError) {
    return { status: "pending", error: { kind: error.kind, ...error.refusal } };
  }
  if (error instanceof MessageOutcomeUnknownError) {
    return { status: "unknown", error: { kind: "unknown", details: error.message } };
  }
  if (error instanceof AccessTokenMissingError || error instanceof CredentialError) {
    return { status: "failed", error: { kind: "tenant_stopped", details: error.message } };
  }
  return undefined;
}

/** Only for the attempt that made the call, and never back: a status webhook may have been faster. */
async function recordAttempt(tenant: Tenant, sending: Sending, sent: Sent): Promise<void> {
  if (sent.status === "accepted") {
    await tenant.query(
      `update messages set
         wamid = coalesce(wamid, $3),
         delivery_status = case when delivery_rank(delivery_status) < delivery_rank('accepted')
           then 'accepted' else delivery_status end,
         delivery_error = null,
         status_changed_at = now()
       where id = $1 and attempts = $2`,
      [sending.id, sending.attempts, sent.wamid],
    );
    return;
  }
  await tenant.query(
    `update messages set delivery_status = $3, delivery_error = $4, status_changed_at = now(),
       unheard_attempts = unheard_attempts + case $3 when 'unknown' then 1 else 0 end
     where id = $1 and attempts = $2 and delivery_status = 'sending'`,
    [sending.id, sending.attempts, sent.status, JSON.stringify(sent.error)],
  );
}
