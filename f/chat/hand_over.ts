import type { Alert } from "../platform/alerts.ts";
import { one, type Tenant } from "../platform/postgres.ts";
import type { HandOver } from "./agent/types.ts";
import type { ContextPayload } from "./context.ts";

/** A conversation that is about to change hands, its contact locked until the transaction ends. */
export interface Handing {
  /** false: a person has it already, and the contact was told so */
  readonly isOurs: boolean;
  /** the chatbot's own words for it; null: the model's are sent */
  readonly notice: string | null;
}

/** The contact before its turn, as everything that needs both locks them. */
export async function lockForHandOver(tenant: Tenant, contactId: string): Promise<Handing> {
  return one<Handing>(
    tenant,
    `select c.conversation_mode = 'auto' as "isOurs", b.handover_message as notice
     from contacts c join chatbots b on b.id = c.chatbot_id
     where c.id = $1 for update of c`,
    [contactId],
  );
}

/**
 * Gives the conversation to the people of the organization. The turn's reply is the notice of it, and its
 * `hands_over` lets that one reply pass; everything else of the chatbot is held back from here on.
 */
export async function handOver(tenant: Tenant, contactId: string, turnId: string): Promise<void> {
  await tenant.query(
    `update contacts set conversation_mode = 'manual', taken_over_at = now(), taken_over_by = null
     where id = $1`,
    [contactId],
  );
  await tenant.query("update turns set hands_over = true where id = $1", [turnId]);
}

export function handOverAlert(
  { chatbot, contact, turn_id }: Pick<ContextPayload, "chatbot" | "contact" | "turn_id">,
  { reason }: HandOver,
): Alert {
  return {
    severity: "info",
    kind: "handed_over",
    alertKey: `handed_over:${turn_id}`,
    summary: `${chatbot.name} has handed a conversation over, and somebody has to answer it: ${reason}`,
    details: { reason, contact_id: contact.id },
    flowJobId: null,
    turnId: turn_id,
  };
}
