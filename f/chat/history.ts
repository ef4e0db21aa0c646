import { estimateTokens } from "../platform/estimate_tokens.ts";
import { many, type Tenant } from "../platform/postgres.ts";
import type { Said } from "./context.ts";

/** Characters of one message; a contact may paste more than a model needs to see. */
const MAX_SHOWN = 8_000;
/** Characters of a message that another one answers: enough to know it again. */
const MAX_QUOTED = 300;
/** Characters in all, about 15,000 and 7,500 tokens: a flood of messages must not cost what a book costs. */
const MAX_HISTORY = 60_000;
const MAX_TURN = 30_000;
/** A message without words is shown by its kind. */
const OF_EACH = 20;

/**
 * The last messages before the turn, the oldest first. What never reached the contact was not said.
 * In the order they were written down: a contact's message has WhatsApp's time in whole seconds and a reply has
 * ours in milliseconds, so by time a quick answer would stand before what it answers.
 */
export async function readHistory(
  tenant: Tenant,
  turn: { turnId: string; contactId: string; maxMessages: number; maxTokens: number },
): Promise<Said[]> {
  const recent = await many<Said>(
    tenant,
    `select author, kind, left(body, $4) as body from (
       select *, sum(least(length(body), $4) + $6) over (order by id desc) as characters
       from messages
       where contact_id = $1 and turn_id is distinct from $2
         and (author = 'contact' or delivery_status not in ('pending', 'failed'))
       order by id desc limit $3
     ) recent where characters <= $5 order by id`,
    [turn.contactId, turn.turnId, turn.maxMessages, MAX_SHOWN, MAX_HISTORY, OF_EACH],
  );
  return newestWithin(recent, turn.maxTokens);
}

/** Each message stands between a role and an end, which models count too. */
const TOKENS_OF_EACH = 4;

/** The longest end of the conversation that has at most so many tokens. */
export function newestWithin(history: readonly Said[], maxTokens: number): Said[] {
  let tokens = 0;
  const tooOld = history.findLastIndex(({ body }) => {
    tokens += estimateTokens(body) + TOKENS_OF_EACH;
    return tokens > maxTokens;
  });
  return history.slice(tooOld + 1);
}

/** What the turn answers, in the order it was said; of a flood, its end. */
export function readTurnMessages(tenant: Tenant, turnId: string): Promise<Said[]> {
  return many<Said>(
    tenant,
    `select s.author, s.kind, left(s.body, $2) as body, left(q.body, $5) as quoted,
       left(s.details #>> '{referral,headline}', $5) as ad
     from (
       select *, sum(least(length(body), $2) + $4) over (order by sent_at desc, id desc) as characters
       from messages where turn_id = $1 and author = 'contact'
     ) s
     left join messages q on q.contact_id = s.contact_id and q.chatbot_id = s.chatbot_id
       and q.wamid = s.details ->> 'quoted_wamid'
     where s.characters <= $3 order by s.sent_at, s.id`,
    [turnId, MAX_SHOWN, MAX_TURN, OF_EACH, MAX_QUOTED],
  );
}
