import { raiseAlert } from "../platform/alerts.ts";
import { maybeOne, withTenant } from "../platform/postgres.ts";
import { alertAbout, MAX_RECOVERIES, type Recover } from "./recovery.ts";

/** Starts the storing of a contact's file again, and gives the file up after the last try. */
export const recoverMedia: Recover = async (database, clients, { organization_id, id }) => {
  const media = await withTenant(database, organization_id, (tenant) =>
    maybeOne<{ id: number; recoveries: number }>(
      tenant,
      `update message_media set recoveries = recoveries + 1, recovered_at = now()
       where id = $1 and status = 'pending'
         and is_recovery_due(recoveries, coalesce(recovered_at, created_at))
       returning id, recoveries`,
      [id],
    ),
  );
  if (!media) return "untouched";
  if (media.recoveries <= MAX_RECOVERIES) {
    await clients.startStoring(media.id);
    return "media_restarted";
  }
  await raiseAlert(
    database,
    organization_id,
    clients.postToSlack,
    alertAbout("media_not_stored", media.id, {
      severity: "warning",
      summary: `A contact's file is not stored: ${MAX_RECOVERIES + 1} jobs ended before they had it. Look at the failed runs of f/operations/store_media.`,
    }),
  );
  await withTenant(database, organization_id, (tenant) =>
    tenant.query(
      `update message_media set status = 'failed', failure = $2, finished_at = now()
       where id = $1 and status = 'pending'`,
      [media.id, "it could not be downloaded or stored in about an hour of tries"],
    ),
  );
  return "media_failed";
};
