import { createHash } from "node:crypto";
import type { Express, Request } from "express";
import { answerFault, type Faults } from "./faults.ts";
import { GraphError } from "./graph_error.ts";
import { unknownObject } from "./install_guards.ts";
import type { Media, StoredFile } from "./media.ts";
import type { PhoneNumber } from "./types.ts";

export interface MediaDeps {
  media: Media;
  phoneNumbers: ReadonlyMap<string, PhoneNumber>;
  faults: Faults;
}

const DOWNLOAD_PATH = "/whatsapp_business/attachments/";

/** The second step, on a host of its own at Meta: the bytes, for the token of the number that they were sent to. */
export function installDownloads(app: Express, deps: MediaDeps): void {
  app.get(DOWNLOAD_PATH, (req, res) => {
    if (answerFault(res, deps.faults.next("download"))) return;
    const file = deps.media.at(String(req.query.hash));
    if (file === undefined) return void res.sendStatus(404);
    if (!isOwner(req, file, deps)) return void res.sendStatus(401);
    res.type(file.mimeType).send(Buffer.from(file.bytes));
  });
}

/** The first step: what the file is, and an address of it. Uploads are not part of this stand-in, and it says so. */
export function installMedia(app: Express, deps: MediaDeps): void {
  app.post("/:version/:phoneNumberId/media", () => {
    throw new GraphError({
      code: 131000,
      status: 501,
      details: "Uploads are not supported by the local WhatsApp.",
    });
  });
  app.get("/:version/:mediaId", (req, res) => {
    if (answerFault(res, deps.faults.next("media"))) return;
    const file = deps.media.get(req.params.mediaId);
    if (file === undefined || !isOwner(req, file, deps)) throw unknownObject(req.params.mediaId);
    const origin = `http://${req.headers.host}`;
    const key = deps.media.open(file);
    res.json({
      messaging_product: "whatsapp",
      url: `${origin}${DOWNLOAD_PATH}?mid=${file.id}&hash=${key}`,
      mime_type: file.mimeType,
      sha256: createHash("sha256").update(file.bytes).digest("hex"),
      file_size: String(file.bytes.length),
      id: file.id,
    });
  });
}

function isOwner(req: Request, file: StoredFile, { phoneNumbers }: MediaDeps): boolean {
  const token = phoneNumbers.get(file.phoneNumberId)?.accessToken;
  return token !== undefined && req.headers.authorization === `Bearer ${token}`;
}
