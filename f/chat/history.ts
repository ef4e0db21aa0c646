import { many, type Tenant } from "../platform/postgres.ts";
import type { Said } from "./context.ts";

/** Characters of one message; a contact may paste more than a model needs to see. */
const MAX_SHOWN = 8_000;
/** Characters in all, about 15,000 and 7,500 tokens: a flood of messages must not cost what a book costs. */
const MAX_HISTORY = 60_000;
const MAX_TURN = 30_000;
/** A message without words is shown by its kind. */
const OF_EACH = 20;

/** The last `limit` messages before the turn, the oldest first. What never reached the contact was not said. */
export function readHistory(
  tenant: Tenant,
  turn: { turnId: string; contactId: string; limit: number },
): Promise<Said[]> {
  return many<Said>(
    tenant,
    `select author, kind, left(body, $4) as body from (
       select *, sum(least(length(body), $4) + $6) over (order by sent_at desc, id desc) as characters
       from messages
       where contact_id = $1 and turn_id is distinct from $2
         and (author = 'contact' or delivery_status not in ('pending', 'failed'))
       order by sent_at desc, id desc limit $3
     ) recent where characters <= $5 order by sent_at, id`,
    [turn.contactId, turn.turnId, turn.limit, MAX_SHOWN, MAX_HISTORY, OF_EACH],
  );
}

/** What the turn answers, in the order it was said; of a flood, its end. */
export function readTurnMessages(tenant: Tenant, turnId: string): Promise<Said[]> {
  return many<Said>(
    tenant,
    `select author, kind, left(body, $2) as body from (
       select *, sum(least(length(body), $2) + $4) over (order by sent_at desc, id desc) as characters
       from messages where turn_id = $1 and author = 'contact'
     ) said where characters <= $3 order by sent_at, id`,
    [turnId, MAX_SHOWN, MAX_TURN, OF_EACH],
  );
}
