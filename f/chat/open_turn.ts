import { one, type Tenant } from "../platform/postgres.ts";
import { TURN_LEASE } from "../platform/turn_lease.ts";
import type { AnsweringChatbot, Claim } from "./claim.ts";
import { type Judgement, judgeContact } from "./contact_conduct.ts";
import { followNotices } from "./follow_notices.ts";
import { type Reservation, reserveMessage } from "./reserve_message.ts";
import type { LockedContact } from "./resolve_contact.ts";
import {
  ignoreEvents,
  keepUnanswered,
  keepUnread,
  messagesOf,
  readWaiting,
  takeIntoTurn,
  type Waiting,
} from "./take_events.ts";
import { isUnreadable, toAnswer, wasToldOfMedia } from "./wordless.ts";

/**
 * Opens the contact's next turn with everything that waits, in order; a contact that is silenced gets none. Over the
 * quota the turn's reply is the chatbot's limit message, once in a billing period; after that there is no turn. What
 * nobody can read is answered by the chatbot's words for that: a model could only say the same, and would cost a
 * message of the quota.
 */
export async function openTurn(
  tenant: Tenant,
  chatbot: AnsweringChatbot,
  sender: LockedContact,
  flowJobId: string,
): Promise<Claim> {
  const arrived = await readWaiting(tenant, sender);
  const { contact, waiting, isBusy } = await followNotices(tenant, sender, arrived);
  if (arrived.length > 0 && waiting.length === 0) {
    return { outcome: "nothing_to_answer", reason: "only the contact's new number or id" };
  }
  if (isBusy)
    return { outcome: "queued", reason: "its contact has a live turn under a new number" };
  if (!chatbot.is_answering || contact.is_blocked || chatbot.is_sender_blocked) {
    await ignoreEvents(tenant, waiting);
    return chatbot.is_answering
      ? { outcome: "blocked", reason: "the contact or its number is blocked" }
      : { outcome: "inactive", reason: "the chatbot or its organization is switched off" };
  }
  if (contact.conversation_mode === "manual") {
    await keepUnread(tenant, contact, waiting);
    return { outcome: "manual", reason: "a person has taken the conversation over" };
  }
  const { fresh, stale } = byAge(waiting, chatbot.answer_age_limit_seconds, new Date());
  await keepUnanswered(tenant, contact, stale);
  const asked = toAnswer(fresh);
  if (asked.length === 0) {
    await keepUnanswered(tenant, contact, fresh);
    return fresh.length === 0
      ? { outcome: "stale", reason: `older than ${chatbot.answer_age_limit_seconds} seconds` }
      : { outcome: "nothing_to_answer", reason: "only reactions or notices by WhatsApp" };
  }
  const verdict = await judgeContact(tenant, contact, messagesOf(fresh));
  if (verdict.kind !== "answer")
    return silence(tenant, { chatbot, contact, fresh, flowJobId }, verdict);
  if (isUnreadable(asked, chatbot)) {
    return answerUnreadable(tenant, chatbot, contact, { fresh, flowJobId });
  }
  const reservation = await reserveMessage(tenant, chatbot.period);
  const isToldLimit =
    contact.limit_notice_period === chatbot.period || chatbot.limit_message === "";
  if (!reservation && isToldLimit) {
    await keepUnanswered(tenant, contact, fresh);
    return { outcome: "quota_exceeded", reason: `of the period that began on ${chatbot.period}` };
  }
  const turn = reservation
    ? await insertTurn(tenant, contact, flowJobId, { reservation })
    : await insertLimitTurn(tenant, chatbot, contact, flowJobId);
  await takeIntoTurn(tenant, contact, turn.turnId, fresh);
  return { outcome: "reply", ...turn };
}

/**
 * Who writes too much is told so once, when the silence begins, by a turn that asks no model. A machine is not: it
 * would answer the notice.
 */
async function silence(
  tenant: Tenant,
  turn: {
    chatbot: AnsweringChatbot;
    contact: LockedContact;
    fresh: readonly Waiting[];
    flowJobId: string;
  },
  verdict: Exclude<Judgement, { kind: "answer" }>,
): Promise<Claim> {
  const { chatbot, contact, fresh, flowJobId } = turn;
  const notice = chatbot.slow_down_message;
  if (verdict.kind === "penalty" && verdict.reason === "too_many" && notice !== "") {
    const told = await insertTurn(tenant, contact, flowJobId, {
      reply: { kind: "limit", body: notice },
    });
    await takeIntoTurn(tenant, contact, told.turnId, fresh);
    return { outcome: "reply", ...told };
  }
  await keepUnanswered(tenant, contact, fresh);
  const reason = `the contact is not answered until ${verdict.until.toISOString()}`;
  return { outcome: "silenced", reason, ...(verdict.alert ? { alert: verdict.alert } : {}) };
}

function byAge(waiting: readonly Waiting[], limitSeconds: number, now: Date) {
  const oldest = now.getTime() - limitSeconds * 1_000;
  return {
    fresh: waiting.filter(({ message }) => message.sentAt.getTime() >= oldest),
    stale: waiting.filter(({ message }) => message.sentAt.getTime() < oldest),
  };
}

async function answerUnreadable(
  tenant: Tenant,
  chatbot: AnsweringChatbot,
  contact: LockedContact,
  { fresh, flowJobId }: { fresh: readonly Waiting[]; flowJobId: string },
): Promise<Claim> {
  if (chatbot.media_message === "" || (await wasToldOfMedia(tenant, contact))) {
    await keepUnanswered(tenant, contact, fresh);
    return { outcome: "nothing_to_answer", reason: "only files or other things without words" };
  }
  const reply = { kind: "media", body: chatbot.media_message } as const;
  const turn = await insertTurn(tenant, contact, flowJobId, { reply });
  await takeIntoTurn(tenant, contact, turn.turnId, fresh);
  return { outcome: "reply", ...turn };
}

async function insertLimitTurn(
  tenant: Tenant,
  chatbot: AnsweringChatbot,
  contact: LockedContact,
  flowJobId: string,
) {
  await tenant.query("update contacts set limit_notice_period = $2 where id = $1", [
    contact.id,
    chatbot.period,
  ]);
  return insertTurn(tenant, contact, flowJobId, {
    reply: { kind: "limit", body: chatbot.limit_message },
  });
}

async function insertTurn(
  tenant: Tenant,
  contact: LockedContact,
  flowJobId: string,
  {
    reservation,
    reply = null,
  }: {
    reservation?: Reservation;
    /** known already: no model is asked */
    reply?: { readonly kind: "limit" | "media"; readonly body: string } | null;
  },
) {
  const { id, fence } = await one<{ id: string; fence: number }>(
    tenant,
    `insert into turns
       (organization_id, chatbot_id, contact_id, flow_job_id, lease_expires_at, reserved_period, reserved_tokens,
        reserved_cost_usd, reply, reply_kind, status)
     values ($1, $2, $3, $4, now() + $5::interval, $6, $9, $10,
        $7, $8,
        case when $7::text is null then 'generating' else 'replying' end)
     returning id, fence`,
    [
      tenant.organizationId,
      contact.chatbot_id,
      contact.id,
      flowJobId,
      TURN_LEASE,
      reservation?.period ?? null,
      reply?.body ?? null,
      reply?.kind ?? null,
      reservation?.tokens ?? 0,
      reservation?.costUsd ?? 0,
    ],
  );
  return { turnId: id, fence };
}
