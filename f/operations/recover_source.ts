import { DOCUMENT_TOO_HEAVY } from "../knowledge/document_errors.ts";
import { raiseAlert } from "../platform/alerts.ts";
import { maybeOne, withTenant } from "../platform/postgres.ts";
import { alertAbout, type Recover } from "./recovery.ts";

/** A document that has ended three jobs will end the next one, too, and each is a worker for ten minutes. */
const MAX_RESTARTS = 2;

/** Processes a knowledge source again whose job is gone, and fails it after the last try; what was live stays so. */
export const recoverSource: Recover = async (database, clients, { organization_id, id }) => {
  // the change moves updated_at, and with it the next look at this source
  const source = await withTenant(database, organization_id, (tenant) =>
    maybeOne<{ id: string; recoveries: number }>(
      tenant,
      `update knowledge_sources set recoveries = recoveries + 1
       where id = $1 and is_processing_stalled(status, updated_at)
       returning id, recoveries`,
      [id],
    ),
  );
  if (!source) return "untouched";
  if (source.recoveries <= MAX_RESTARTS) {
    await clients.startProcessing(source.id);
    return "sources_restarted";
  }
  await raiseAlert(
    database,
    organization_id,
    clients.postToSlack,
    alertAbout("source_stalled", source.id, {
      severity: "warning",
      summary: `A knowledge source has failed: ${MAX_RESTARTS + 1} jobs ended before they had processed it.`,
    }),
  );
  await withTenant(database, organization_id, (tenant) =>
    tenant.query(
      `update knowledge_sources set status = 'failed', stage = null, error_message = $2, recoveries = 0
       where id = $1 and status in ('pending', 'processing')`,
      [source.id, DOCUMENT_TOO_HEAVY],
    ),
  );
  return "sources_failed";
};
