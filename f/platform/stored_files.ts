import * as wmill from "windmill-client";
import { isNotFound } from "./job_records.ts";

/** Removes a file from the workspace's object storage; one that is not there is no error. */
export async function removeFile(s3Key: string): Promise<void> {
  try {
    await wmill.deleteS3File({ s3: s3Key });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Where the file of a contact's message is stored. Nothing in it is the contact's: a key is a path to some stores. */
export function mediaKey(media: {
  readonly organization_id: string;
  readonly chatbot_id: string;
  readonly contact_id: string;
  readonly id: number;
}): string {
  return `media/${media.organization_id}/${media.chatbot_id}/${media.contact_id}/${media.id}`;
}
