import { one, type Tenant } from "../platform/postgres.ts";
import type { Said } from "./context.ts";
import { newestWithin } from "./history.ts";

/** What a contact's summary does not cover although the history no longer shows it. */
export interface Unsummarised {
  readonly contactId: string;
  readonly summary: string;
  /** the last message that the summary covers; null: it covers none */
  readonly untilMessageId: number | null;
  /** the oldest first */
  readonly messages: readonly (Said & { readonly id: number })[];
}

/** One model call for so many messages that fell out of the history: until then they are shown nowhere. */
const WORTH_A_CALL = 6;
/** More than that is caught up with by later turns. */
const MAX_READ = 200;
const MAX_SHOWN = 2_000;

/** Undefined while there is too little to be worth a model call. */
export async function readUnsummarised(
  tenant: Tenant,
  turnId: string,
): Promise<Unsummarised | undefined> {
  const contact = await one<{
    id: string;
    summary: string;
    until: number | null;
    history_messages: number;
    history_tokens: number;
    said: readonly (Said & { id: number })[];
  }>(
    tenant,
    `select c.id, c.summary, c.summary_until_message_id as until, b.history_messages, b.history_tokens,
       (select coalesce(json_agg(m order by m.id), '[]') from (
         select id, author, kind, left(body, $3) as body from messages
         where contact_id = c.id and id > coalesce(c.summary_until_message_id, 0)
           and (author = 'contact' or delivery_status not in ('pending', 'failed'))
         order by id limit $2
       ) m) as said
     from turns t join contacts c on c.id = t.contact_id join chatbots b on b.id = t.chatbot_id
     where t.id = $1`,
    [turnId, MAX_READ, MAX_SHOWN],
  );
  const { said } = contact;
  const recent = contact.history_messages === 0 ? [] : said.slice(-contact.history_messages);
  const shown = newestWithin(recent, contact.history_tokens).length;
  const messages = said.slice(0, said.length - shown);
  if (messages.length < WORTH_A_CALL) return undefined;
  const { id: contactId, summary, until: untilMessageId } = contact;
  return { contactId, summary, untilMessageId, messages };
}
