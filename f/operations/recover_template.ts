import { raiseAlert } from "../platform/alerts.ts";
import { type Database, maybeOne, one, type Tenant, withTenant } from "../platform/postgres.ts";
import { IS_TOKEN_USABLE, type Sending, sendMessage } from "../platform/send_message.ts";
import { countTowardsPace, SendingTooFastError, whenPaceAllows } from "../platform/sending_pace.ts";
import {
  isTokenRefused,
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
} from "../platform/whatsapp_errors.ts";
import type { WhatsAppFor } from "../platform/whatsapp_numbers.ts";
import { alertAbout, MAX_RECOVERIES, type Recover, type RecoveryClients } from "./recovery.ts";

interface LateRefusal {
  readonly organizationId: string;
  readonly messageId: string | number;
  readonly turnId: string | null;
  /** with this one */
  readonly attempts: number;
}

/**
 * Sends a reply as the chatbot's template that WhatsApp had taken as text and then refused, because the contact last
 * wrote more than 24 hours ago. It is a new message to WhatsApp, under a key of its own, and is sent once; what is
 * surely not sent is tried again for about an hour. Ends in an alert when the template does not go out.
 */
export const recoverTemplate: Recover = async (database, clients, { organization_id, id }) => {
  const refused = await withTenant(database, organization_id, (tenant) => countAttempt(tenant, id));
  if (!refused) return "untouched";
  if (refused.attempts > MAX_RECOVERIES) {
    return giveUp(database, clients, refused, `it was put off ${MAX_RECOVERIES} times`);
  }
  const whatsAppFor = await clients.openWhatsApp();
  try {
    const claim = await whenPaceAllows(() =>
      withTenant(database, organization_id, (tenant) => claimOf(tenant, refused)),
    );
    if (claim === "token_refused") return "templates_put_off";
    if (claim === "not_to_be_sent") return giveUp(database, clients, refused, NOT_TO_BE_SENT);
    return await send(database, clients, whatsAppFor, { ...refused, claim });
  } catch (error) {
    if (error instanceof SendingTooFastError) return "templates_put_off";
    throw error;
  }
};

const NOT_TO_BE_SENT =
  "the contact is blocked, a person has the conversation, it went on since, or the chatbot is switched off or has no template any more";

/** Before the call, so that what dies in it counts. */
async function countAttempt(tenant: Tenant, id: string | number): Promise<LateRefusal | undefined> {
  return maybeOne<LateRefusal>(
    tenant,
    `update messages set template_attempts = template_attempts + 1, status_changed_at = now()
     where id = $1 and delivery_status in ('failed', 'pending')
       and is_recovery_due(template_attempts, status_changed_at)
     returning organization_id as "organizationId", id as "messageId", turn_id as "turnId",
       template_attempts as attempts`,
    [id],
  );
}

/** Takeover and block are checked in the statement that commits `sending`, which locks as every claim does. */
async function claimOf(
  tenant: Tenant,
  { messageId, attempts }: LateRefusal,
): Promise<Sending | "token_refused" | "not_to_be_sent"> {
  const claimed = await maybeOne<Sending>(
    tenant,
    `with contact as materialized (
       select c.id, c.phone, c.bsuid from contacts c join messages m on m.contact_id = c.id
       where m.id = $1 and c.conversation_mode = 'auto' and not c.is_blocked
       for no key update of c
     )
     update messages m
     set delivery_status = 'sending', attempts = m.attempts + 1, status_changed_at = now(),
       -- what comes late of the text is not about the template
       wamid = null, delivery_key = gen_random_uuid(), delivery_error = null
     from contact, chatbots b, turns t
     where m.id = $1 and m.template_attempts = $2 and m.delivery_status in ('failed', 'pending')
       and b.id = m.chatbot_id and b.is_active and b.reply_template_name is not null and ${IS_TOKEN_USABLE}
       and t.id = m.turn_id and not ${HAS_GONE_ON}
     returning m.id, m.body, m.attempts, m.delivery_key, contact.phone, contact.bsuid,
       m.organization_id, m.chatbot_id, m.contact_id, b.phone_number_id, b.whatsapp_access_token,
       b.reply_template_name, b.reply_template_language, false as is_window_open`,
    [messageId, attempts],
  );
  if (claimed) {
    await countTowardsPace(tenant, claimed);
    return claimed;
  }
  const { is_usable } = await one<{ is_usable: boolean }>(
    tenant,
    `select ${IS_TOKEN_USABLE} as is_usable from messages m join chatbots b on b.id = m.chatbot_id where m.id = $1`,
    [messageId],
  );
  return is_usable ? "not_to_be_sent" : "token_refused";
}

/** Its answer would come after what was said since. */
const HAS_GONE_ON = `exists (
  select from turns later where later.contact_id = t.contact_id and later.created_at > t.created_at
  union all
  select from messages said where said.contact_id = t.contact_id and said.author = 'user' and said.id > m.id
)`;

async function send(
  database: Database,
  clients: RecoveryClients,
  whatsAppFor: WhatsAppFor,
  refused: LateRefusal & { readonly claim: Sending },
) {
  try {
    await sendMessage(database, whatsAppFor, refused.claim);
    return "templates_sent";
  } catch (error) {
    if (error instanceof MessageDelayedError) return "templates_put_off";
    // recoverDelivery settles it, and its alert says so should nobody confirm it
    if (error instanceof MessageOutcomeUnknownError) return "deliveries_unknown";
    if (error instanceof MessageRefusedError) {
      if (isTokenRefused(error.refusal)) return "templates_put_off";
      return giveUp(database, clients, refused, error.message);
    }
    throw error;
  }
}

async function giveUp(
  database: Database,
  clients: RecoveryClients,
  { organizationId, messageId, turnId }: LateRefusal,
  reason: string,
) {
  await raiseAlert(
    database,
    organizationId,
    clients.postToSlack,
    // the key that the alert has where there is no template: one of them is raised
    alertAbout("delivery_failed", messageId, {
      severity: "warning",
      summary: `A reply did not arrive, since the contact last wrote more than 24 hours ago, nor did the chatbot's template: ${reason}. Answer by hand.`,
      turnId,
    }),
  );
  await withTenant(database, organizationId, (tenant) =>
    tenant.query(
      "update messages set delivery_status = 'failed' where id = $1 and delivery_status = 'pending'",
      [messageId],
    ),
  );
  return "templates_failed" as const;
}
