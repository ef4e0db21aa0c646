import { many, type Tenant } from "../platform/postgres.ts";
import type { Said } from "./context.ts";

/** WhatsApp's own limit for what we send; a contact may paste more than a model needs to see. */
const MAX_SHOWN = 8_000;

/** The last `limit` messages before the turn, the oldest first. What never reached the contact was not said. */
export function readHistory(
  tenant: Tenant,
  turn: { turnId: string; contactId: string; limit: number },
): Promise<Said[]> {
  return many<Said>(
    tenant,
    `select author, kind, left(body, $4) as body from (
       select * from messages
       where contact_id = $1 and turn_id is distinct from $2
         and (author = 'contact' or delivery_status not in ('pending', 'failed'))
       order by sent_at desc, id desc limit $3
     ) recent order by sent_at, id`,
    [turn.contactId, turn.turnId, turn.limit, MAX_SHOWN],
  );
}

/** What the turn answers, in the order it was said. */
export function readTurnMessages(tenant: Tenant, turnId: string): Promise<Said[]> {
  return many<Said>(
    tenant,
    `select author, kind, left(body, $2) as body from messages
     where turn_id = $1 and author = 'contact' order by sent_at, id`,
    [turnId, MAX_SHOWN],
  );
}
