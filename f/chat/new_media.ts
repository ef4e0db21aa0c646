import { many, type Tenant } from "../platform/postgres.ts";

/** The files of the messages that this transaction has saved: each is stored by a job of its own. */
export async function mediaJustSaved(tenant: Tenant): Promise<number[]> {
  // now() is the transaction's beginning, and created_at defaults to it
  const saved = await many<{ id: number }>(
    tenant,
    "select id from message_media where status = 'pending' and created_at = now() order by id",
  );
  return saved.map(({ id }) => id);
}

/** Does not wait for the files, and the reply does not depend on them. */
export async function startEach(
  start: (mediaId: number) => Promise<string>,
  media: readonly number[],
): Promise<void> {
  for (const started of await Promise.allSettled(media.map(start))) {
    if (started.status === "fulfilled") continue;
    // recover_turns starts it within two minutes
    const { reason } = started;
    console.warn(reason instanceof Error ? reason.message : reason);
  }
}
