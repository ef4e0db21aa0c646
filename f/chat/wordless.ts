import { maybeOne, type Tenant } from "../platform/postgres.ts";
import type { AnsweringChatbot } from "./claim.ts";
import { mediaIdOf } from "./parse_message.ts";
import type { LockedContact } from "./resolve_contact.ts";
import type { Waiting } from "./take_events.ts";

/** What a reply is asked for: not for reactions and notices, nor for what the contact took back meanwhile. */
export function toAnswer(waiting: readonly Waiting[]): Waiting[] {
  const revoked = new Set(
    waiting.flatMap(({ message }) =>
      message.notice?.kind === "revoke" ? [message.notice.wamid] : [],
    ),
  );
  return waiting.filter(
    ({ message }) =>
      message.isAnswerable && !(message.wamid !== null && revoked.has(message.wamid)),
  );
}

/** Nothing of it can be read, and no file of it is kept for somebody who can. */
export function isUnreadable(
  asked: readonly Waiting[],
  { keeps_media }: Pick<AnsweringChatbot, "keeps_media">,
): boolean {
  return asked.every(
    ({ message }) => message.isWordless && !(keeps_media && mediaIdOf(message) !== null),
  );
}

/**
 * Whether the contact was just told that files cannot be read: an album comes as one message a picture, over some
 * seconds, and is told once.
 */
export async function wasToldOfMedia(tenant: Tenant, { id }: LockedContact): Promise<boolean> {
  const told = await maybeOne(
    tenant,
    `select t.id from turns t where t.contact_id = $1 and t.created_at > now() - interval '1 minute'
       and t.reply_kind = 'media'`,
    [id],
  );
  return told !== undefined;
}
