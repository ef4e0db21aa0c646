import { maybeOne, type Tenant } from "../platform/postgres.ts";
import { followContact } from "./follow_contact.ts";
import type { LockedContact } from "./resolve_contact.ts";
import { endNotices, type Waiting } from "./take_events.ts";

export interface Followed {
  /** who the conversation is with now, locked; another row when two turned out to be one person */
  readonly contact: LockedContact;
  /** what else waits */
  readonly waiting: readonly Waiting[];
  /** The contact has a live turn: it wrote under its new number before we heard of that. */
  readonly isBusy: boolean;
}

/** Lets the contact follow what WhatsApp told of its number and id, and ends those events. */
export async function followNotices(
  tenant: Tenant,
  contact: LockedContact,
  arrived: readonly Waiting[],
): Promise<Followed> {
  let followed = contact;
  const notices: Waiting[] = [];
  for (const item of arrived) {
    const { notice } = item.message;
    if (notice?.kind !== "identity") continue;
    notices.push(item);
    followed = await followContact(tenant, followed, notice);
  }
  if (notices.length === 0) return { contact, waiting: arrived, isBusy: false };
  await endNotices(tenant, notices);
  return {
    contact: followed,
    waiting: arrived.filter((item) => !notices.includes(item)),
    isBusy: await hasLiveTurn(tenant, followed),
  };
}

async function hasLiveTurn(tenant: Tenant, { id }: LockedContact): Promise<boolean> {
  const turn = await maybeOne(
    tenant,
    "select id from turns where contact_id = $1 and status in ('generating', 'replying')",
    [id],
  );
  return turn !== undefined;
}
