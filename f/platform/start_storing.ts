import { startScript } from "./windmill.ts";

/** Starts the copying of a contact's file and returns its job id. Throws JobNotStartedError. */
export function startStoring(mediaId: number): Promise<string> {
  // the database goes as a reference: job arguments are stored, and hold no password
  return startScript("f/operations/store_media", {
    message_media_id: mediaId,
    db: "$res:f/platform/postgres",
  });
}
