import * as wmill from "windmill-client";
import {
  type Database,
  maybeOne,
  one,
  type Postgresql,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { mediaKey } from "../platform/stored_files.ts";
import { downloadMedia, type MediaFile } from "../platform/whatsapp_media.ts";
import { MediaLostError } from "../platform/whatsapp_media_errors.ts";
import { type ChatbotNumber, readNumbers } from "../platform/whatsapp_numbers.ts";

/** already: it was stored or given up before, or its message was deleted. */
export type StoredMedia =
  | { readonly outcome: "stored"; readonly s3_key: string; readonly byte_size: number }
  | { readonly outcome: "failed"; readonly reason: string }
  | { readonly outcome: "already" };

export interface StoreClients {
  /** Throws MediaLostError, MediaUnavailableError. */
  download(number: ChatbotNumber, media: { id: string; kind: string }): Promise<MediaFile>;
  save(s3Key: string, file: MediaFile): Promise<void>;
}

/** Copies the file of a contact's message from WhatsApp to object storage. May run any number of times. */
export async function main(message_media_id: number, db: Postgresql): Promise<StoredMedia> {
  const open = await readNumbers();
  const download: StoreClients["download"] = (number, media) => downloadMedia(open(number), media);
  return withDb(db, (database) =>
    storeMedia(database, { download, save: saveFile }, message_media_id),
  );
}

export async function storeMedia(
  database: Database,
  clients: StoreClients,
  mediaId: number,
): Promise<StoredMedia> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select message_media_organization($1) as organization",
    [mediaId],
  );
  if (organization === null) return { outcome: "already" };
  const media = await withTenant(database, organization, (tenant) =>
    maybeOne<PendingMedia>(tenant, PENDING_MEDIA, [mediaId]),
  );
  if (!media) return { outcome: "already" };
  const s3Key = mediaKey({ ...media, id: mediaId });
  const file = await download(clients, media);
  if (file instanceof MediaLostError) {
    await end(database, organization, mediaId, { failure: file.reason });
    return { outcome: "failed", reason: file.reason };
  }
  await clients.save(s3Key, file);
  await end(database, organization, mediaId, { s3Key, file });
  return { outcome: "stored", s3_key: s3Key, byte_size: file.bytes.length };
}

type PendingMedia = ChatbotNumber & {
  readonly contact_id: string;
  readonly kind: string;
  readonly whatsapp_media_id: string;
};

const PENDING_MEDIA = `
  select b.organization_id, b.id as chatbot_id, b.phone_number_id, b.whatsapp_access_token,
    m.contact_id, m.kind, f.whatsapp_media_id
  from message_media f
  join messages m on m.id = f.message_id
  join chatbots b on b.id = f.chatbot_id
  where f.id = $1 and f.status = 'pending'`;

async function download(
  clients: StoreClients,
  media: PendingMedia,
): Promise<MediaFile | MediaLostError> {
  try {
    return await clients.download(media, { id: media.whatsapp_media_id, kind: media.kind });
  } catch (error) {
    if (error instanceof MediaLostError) return error;
    throw error;
  }
}

/** Another copy of this job writes the same bytes to the same key: the first end stands. */
async function end(
  database: Database,
  organizationId: string,
  mediaId: number,
  { s3Key, file, failure }: { s3Key?: string; file?: MediaFile; failure?: string },
): Promise<void> {
  await withTenant(database, organizationId, (tenant) =>
    tenant.query(
      `update message_media set
         status = case when $2::text is null then 'failed' else 'stored' end,
         s3_key = $2, mime_type = $3, byte_size = $4, sha256 = $5, failure = $6, finished_at = now()
       where id = $1 and status = 'pending'`,
      [
        mediaId,
        s3Key ?? null,
        file?.mimeType ?? null,
        file?.bytes.length ?? null,
        file?.sha256 ?? null,
        failure ?? null,
      ],
    ),
  );
}

async function saveFile(s3: string, { bytes, mimeType }: MediaFile): Promise<void> {
  await wmill.writeS3File({ s3 }, new Blob([bytes]), undefined, mimeType);
}
