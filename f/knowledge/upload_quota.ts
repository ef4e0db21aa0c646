import { maybeOne, one, type Tenant } from "../platform/postgres.ts";
import { UploadLimitError } from "./document_errors.ts";

export interface Reservation {
  bytes: number;
  /** false: a source that is there is tried again, and nothing more is kept */
  isNew: boolean;
}

/**
 * Counts an upload of today, if all of the organization's limits leave room for it. The counters' row stays locked to
 * the transaction's end, in which the source must be inserted: of uploads at one moment none overruns a limit.
 *
 * @throws UploadLimitError
 */
export async function reserveUpload(tenant: Tenant, upload: Reservation): Promise<void> {
  await tenant.query(
    "insert into knowledge_usage (organization_id) values ($1) on conflict do nothing",
    [tenant.organizationId],
  );
  const reserved = await maybeOne(
    tenant,
    `update knowledge_usage u
     set upload_day = today, uploads_that_day = case when u.upload_day = today then u.uploads_that_day else 0 end + 1
     from organizations o, lateral (select (now() at time zone o.timezone)::date as today) clock
     where o.id = u.organization_id and u.organization_id = $1
       and (case when u.upload_day = today then u.uploads_that_day else 0 end < o.daily_upload_limit) is not false
       and (not $3 or (u.source_count < o.source_limit) is not false)
       and (not $3 or (u.storage_bytes + $2 <= o.storage_limit_bytes) is not false)
     returning u.organization_id`,
    [tenant.organizationId, upload.bytes, upload.isNew],
  );
  if (!reserved) throw await limitReached(tenant, upload);
}

interface Usage {
  source_limit: number | null;
  storage_limit_bytes: number | null;
  daily_upload_limit: number;
  source_count: number;
  storage_bytes: number;
}

async function limitReached(tenant: Tenant, { bytes, isNew }: Reservation) {
  const usage = await one<Usage>(
    tenant,
    `select o.source_limit, o.storage_limit_bytes, o.daily_upload_limit, u.source_count, u.storage_bytes
     from organizations o join knowledge_usage u on u.organization_id = o.id where o.id = $1`,
    [tenant.organizationId],
  );
  const { source_limit, storage_limit_bytes } = usage;
  if (isNew && source_limit !== null && usage.source_count >= source_limit) {
    return new UploadLimitError("sources", source_limit);
  }
  if (isNew && storage_limit_bytes !== null && usage.storage_bytes + bytes > storage_limit_bytes) {
    return new UploadLimitError("storage", storage_limit_bytes);
  }
  return new UploadLimitError("day", usage.daily_upload_limit);
}
