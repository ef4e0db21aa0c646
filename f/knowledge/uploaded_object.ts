import * as wmill from "windmill-client";
import { FileMissingError, FileTooLargeError, ObjectNotAllowedError } from "./document_errors.ts";
import { MAX_FILE_BYTES } from "./upload_request.ts";

/** What the workspace's object storage is asked. */
export interface ObjectStorage {
  /** undefined when there is no such object */
  sizeOf(s3Key: string): Promise<number | undefined>;
  load(s3Key: string): Promise<Uint8Array | undefined>;
}

/** Where Windmill's own file picker puts what somebody uploads at the form. */
const FORM_UPLOADS = "windmill_uploads/";

/**
 * A file that is in the object storage already, for a tenant who may have it: from the form's file picker, or from
 * under the organization's own prefixes. Its size is asked for before it is loaded, which is all at once.
 *
 * @throws DocumentError
 */
export async function readUploadedObject(
  s3Key: string,
  organizationId: string,
  storage: ObjectStorage,
): Promise<Buffer> {
  const own = [FORM_UPLOADS, `uploads/${organizationId}/`, `knowledge/${organizationId}/`];
  const isOwn = own.some((prefix) => s3Key.startsWith(prefix)) && !s3Key.split("/").includes("..");
  if (!isOwn) throw new ObjectNotAllowedError(s3Key);
  const size = await storage.sizeOf(s3Key);
  if (size === undefined) throw new FileMissingError(s3Key);
  if (size > MAX_FILE_BYTES) throw new FileTooLargeError(MAX_FILE_BYTES);
  const bytes = await storage.load(s3Key);
  if (bytes === undefined) throw new FileMissingError(s3Key);
  if (bytes.length > MAX_FILE_BYTES) throw new FileTooLargeError(MAX_FILE_BYTES);
  return Buffer.from(bytes);
}

export const workspaceStorage: ObjectStorage = {
  sizeOf: async (fileKey) => {
    const workspace = process.env.WM_WORKSPACE ?? "";
    try {
      const { size_in_bytes } = await wmill.HelpersService.loadFileMetadata({ workspace, fileKey });
      return size_in_bytes;
    } catch (error) {
      if (error instanceof wmill.ApiError && error.status === 404) return undefined;
      throw error;
    }
  },
  load: (s3) => wmill.loadS3File({ s3 }),
};
