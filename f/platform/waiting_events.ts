import { many, type Queryable } from "./postgres.ts";

/** Who a conversation is with. One of the two is known. */
export interface Sender {
  readonly chatbot_id: string;
  readonly bsuid: string | null;
  readonly phone: string | null;
}

export interface WaitingEvent {
  readonly id: number;
  /** null when Meta named no time */
  readonly sent_at: Date | null;
  readonly received_at: Date;
  /** {"message", "profile_name"}, as Meta sent it */
  readonly payload: unknown;
}

/** What the contact wrote and no turn has taken yet, in the order it was written. */
export function waitingEvents(
  queryable: Queryable,
  { chatbot_id, bsuid, phone }: Sender,
): Promise<WaitingEvent[]> {
  // Meta's clock counts whole seconds: within one, the order of arrival decides
  return many<WaitingEvent>(
    queryable,
    `select id, sent_at, received_at, payload from webhook_events
     where chatbot_id = $1 and kind = 'message' and status = 'received'
       and (sender_bsuid = $2 or (sender_bsuid is null and sender_phone = $3))
     order by coalesce(sent_at, received_at), id`,
    [chatbot_id, bsuid, phone],
  );
}
