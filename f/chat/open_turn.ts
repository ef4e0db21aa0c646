import { one, type Tenant } from "../platform/postgres.ts";
import { TURN_LEASE } from "../platform/turn_lease.ts";
import type { AnsweringChatbot, Claim } from "./claim.ts";
import { reserveMessage } from "./reserve_message.ts";
import type { LockedContact } from "./resolve_contact.ts";
import {
  ignoreEvents,
  keepUnanswered,
  keepUnread,
  readWaiting,
  takeIntoTurn,
  type Waiting,
} from "./take_events.ts";

/**
 * Opens the contact's next turn with everything that waits, in order. Over the quota the turn's reply is the
 * chatbot's limit message, once in a billing period; after that there is no turn.
 */
export async function openTurn(
  tenant: Tenant,
  chatbot: AnsweringChatbot,
  contact: LockedContact,
  flowJobId: string,
): Promise<Claim> {
  const waiting = await readWaiting(tenant, contact);
  if (!chatbot.is_answering || contact.is_blocked) {
    await ignoreEvents(tenant, waiting);
    return chatbot.is_answering
      ? { outcome: "blocked", reason: "the contact is blocked" }
      : { outcome: "inactive", reason: "the chatbot or its organization is switched off" };
  }
  if (contact.conversation_mode === "manual") {
    await keepUnread(tenant, contact, waiting);
    return { outcome: "manual", reason: "a person has taken the conversation over" };
  }
  const { fresh, stale } = byAge(waiting, chatbot.answer_age_limit_seconds, new Date());
  await keepUnanswered(tenant, contact, stale);
  if (!fresh.some(({ message }) => message.isAnswerable)) {
    await keepUnanswered(tenant, contact, fresh);
    return fresh.length === 0
      ? { outcome: "stale", reason: `older than ${chatbot.answer_age_limit_seconds} seconds` }
      : { outcome: "nothing_to_answer", reason: "only reactions or notices by WhatsApp" };
  }
  const { period, isReserved } = await reserveMessage(tenant, chatbot.period);
  const isToldLimit = contact.limit_notice_period === period || chatbot.limit_message === "";
  if (!isReserved && isToldLimit) {
    await keepUnanswered(tenant, contact, fresh);
    return { outcome: "quota_exceeded", reason: `of the period that began on ${period}` };
  }
  const turn = isReserved
    ? await insertTurn(tenant, contact, flowJobId, { reservedPeriod: period })
    : await insertLimitTurn(tenant, chatbot, contact, flowJobId);
  await takeIntoTurn(tenant, contact, turn.turnId, fresh);
  return { outcome: "reply", ...turn };
}

function byAge(waiting: readonly Waiting[], limitSeconds: number, now: Date) {
  const oldest = now.getTime() - limitSeconds * 1_000;
  return {
    fresh: waiting.filter(({ message }) => message.sentAt.getTime() >= oldest),
    stale: waiting.filter(({ message }) => message.sentAt.getTime() < oldest),
  };
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
  return insertTurn(tenant, contact, flowJobId, { reply: chatbot.limit_message });
}

async function insertTurn(
  tenant: Tenant,
  contact: LockedContact,
  flowJobId: string,
  {
    reservedPeriod = null,
    reply = null,
  }: { reservedPeriod?: string | null; reply?: string | null },
) {
  const { id, fence } = await one<{ id: string; fence: number }>(
    tenant,
    `insert into turns
       (organization_id, chatbot_id, contact_id, flow_job_id, lease_expires_at, reserved_period,
        reply, reply_kind, status)
     values ($1, $2, $3, $4, now() + $5::interval, $6,
        $7, case when $7::text is not null then 'limit' end,
        case when $7::text is null then 'generating' else 'replying' end)
     returning id, fence`,
    [
      tenant.organizationId,
      contact.chatbot_id,
      contact.id,
      flowJobId,
      TURN_LEASE,
      reservedPeriod,
      reply,
    ],
  );
  return { turnId: id, fence };
}
