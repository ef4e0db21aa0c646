import { closeTurn, leaveTurn, type StartFlow } from "../platform/close_turn.ts";
import { deliverMessage } from "../platform/deliver_message.ts";
import { type Database, maybeOne, withTenant } from "../platform/postgres.ts";
import { recordReplyMessages } from "../platform/reply_messages.ts";
import type { WhatsAppFor } from "../platform/whatsapp_numbers.ts";

export interface FailedRun {
  readonly organizationId: string;
  readonly webhookEventId: number;
  readonly flowJobId: string;
  /** masked: it is kept on the turn's row */
  readonly reason: string;
  /** the worker died or the database was away: another run may well do it */
  readonly isPassing: boolean;
}

/**
 * failed: the turn was closed. left: it has a reply, and whoever sends or finishes it, or takes it over when its
 * lease has ended and nothing of it is in doubt, closes it. none: the event still waits, or another run has its turn.
 */
export interface TurnAfterFailure {
  readonly turn: "failed" | "left" | "none";
  readonly contact: "told" | "not_told";
  readonly nextFlowJobId: string | null;
}

/** A live turn under the caller's fence. */
export interface TurnInHand {
  readonly id: string;
  readonly fence: number;
  readonly reply_kind: "answer" | "limit" | "media" | "error" | null;
}

/** The event's turn, if this flow run still owns it. */
export function findTurn(
  database: Database,
  {
    organizationId,
    webhookEventId,
    flowJobId,
  }: Pick<FailedRun, "organizationId" | "webhookEventId" | "flowJobId">,
): Promise<TurnInHand | undefined> {
  return withTenant(database, organizationId, (tenant) =>
    maybeOne<TurnInHand>(
      tenant,
      `select t.id, t.fence, t.reply_kind from webhook_events e join turns t on t.id = e.turn_id
       where e.id = $1 and t.flow_job_id = $2 and t.status in ('generating', 'replying')`,
      [webhookEventId, flowJobId],
    ),
  );
}

/**
 * Ends a turn that has no reply: the contact gets the chatbot's error message, at most once, and what was written
 * meanwhile is answered next. A turn that has a reply is left to the steps that send and finish it, and one whose
 * failure was of passing things to recover_turns.
 */
export async function failTurn(
  database: Database,
  openWhatsApp: () => Promise<WhatsAppFor>,
  startFlow: StartFlow,
  turn: TurnInHand | undefined,
  run: Pick<FailedRun, "organizationId" | "reason" | "isPassing">,
): Promise<TurnAfterFailure> {
  if (!turn) return { turn: "none", contact: "not_told", nextFlowJobId: null };
  if (turn.reply_kind !== null && turn.reply_kind !== "error") {
    return { turn: "left", contact: "not_told", nextFlowJobId: null };
  }
  const { organizationId, isPassing } = run;
  const toClose = { organizationId, turnId: turn.id, fence: turn.fence };
  if (isPassing && (await leaveTurn(database, toClose, "generating"))) {
    return { turn: "left", contact: "not_told", nextFlowJobId: null };
  }
  const contact = await tellContact(database, openWhatsApp, turn, run);
  // nobody knows whether WhatsApp has the error message
  if (await leaveTurn(database, toClose, "replying")) {
    return { turn: "left", contact, nextFlowJobId: null };
  }
  const closed = await closeTurn(database, startFlow, toClose);
  return closed.outcome === "superseded"
    ? { turn: "none", contact, nextFlowJobId: null }
    : { turn: "failed", contact, nextFlowJobId: closed.nextFlowJobId };
}

async function tellContact(
  database: Database,
  openWhatsApp: () => Promise<WhatsAppFor>,
  { id: turnId, fence }: TurnInHand,
  { organizationId, reason }: Pick<FailedRun, "organizationId" | "reason">,
): Promise<"told" | "not_told"> {
  const parts = await withTenant(database, organizationId, async (tenant) => {
    await tenant.query(
      `update turns t set reply = b.error_message, reply_kind = 'error', status = 'replying', error = $3
       from chatbots b
       where t.id = $1 and t.fence = $2 and t.reply is null and b.id = t.chatbot_id`,
      [turnId, fence, reason],
    );
    return recordReplyMessages(tenant, turnId, fence);
  });
  if (!parts) return "not_told";
  try {
    const whatsAppFor = await openWhatsApp();
    const reply = { organizationId, turnId, fence, part: 0 };
    const delivery = await deliverMessage(database, whatsAppFor, reply);
    return delivery.outcome === "accepted" || delivery.outcome === "already" ? "told" : "not_told";
  } catch (error) {
    // the message's row says why; the alert is about what came before it
    console.warn(error instanceof Error ? error.message : error);
    return "not_told";
  }
}
