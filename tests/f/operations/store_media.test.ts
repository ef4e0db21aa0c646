import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeMedia } from "../../../f/operations/store_media.ts";
import type { MediaFile } from "../../../f/platform/whatsapp_media.ts";
import {
  MediaLostError,
  MediaUnavailableError,
} from "../../../f/platform/whatsapp_media_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertContact, insertMessage, insertMessageMedia } from "../../helpers/records.ts";
import type { MessageMediaRow } from "../../helpers/rows.ts";
import { openDesk, type RecoveryDesk } from "./recovery_desk.ts";

let db: TestDatabase;
let desk: RecoveryDesk;
let media: MessageMediaRow;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  desk = await openDesk(db);
  const contact = await insertContact(db, { chatbot_id: desk.shop.chatbot.id });
  const message = await insertMessage(db, { contact_id: contact.id, kind: "audio", body: "" });
  media = await insertMessageMedia(db, { message_id: message.id, whatsapp_media_id: "900" });
});
afterAll(() => db.close());

const bytes = new Uint8Array(Buffer.from("a voice"));
const file: MediaFile = {
  bytes,
  mimeType: "audio/ogg; codecs=opus",
  sha256: createHash("sha256").update(bytes).digest("hex"),
};

/** A WhatsApp and an object storage; each may be replaced to go wrong. */
function outside(download: () => Promise<MediaFile> = async () => file) {
  const asked: object[] = [];
  const saved = new Map<string, MediaFile>();
  return {
    asked,
    saved,
    async download(_number: object, wanted: object) {
      asked.push(wanted);
      return download();
    },
    async save(key: string, content: MediaFile) {
      saved.set(key, content);
    },
  };
}

const store = (clients: ReturnType<typeof outside>, id = media.id) =>
  desk.shop.as((database) => storeMedia(database, clients, id));

async function row(): Promise<MessageMediaRow | undefined> {
  const rows = await db.query<MessageMediaRow>("select * from message_media where id = $1", [
    media.id,
  ]);
  return rows[0];
}

describe("a contact's file", () => {
  it("is stored under a key of its tenant, with its type, size and hash", async () => {
    const clients = outside();
    const stored = await store(clients);
    expect(clients.asked).toEqual([{ id: "900", kind: "audio" }]);
    const [[key, content] = []] = clients.saved;
    expect(key).toMatch(new RegExp(`^media/${desk.shop.organization.id}/${desk.shop.chatbot.id}/`));
    expect(content).toBe(file);
    expect(stored).toEqual({ outcome: "stored", s3_key: key, byte_size: bytes.length });
    expect(await row()).toMatchObject({
      status: "stored",
      s3_key: key,
      mime_type: file.mimeType,
      sha256: file.sha256,
    });
    expect(Number((await row())?.byte_size)).toBe(bytes.length);
  });

  it("is stored once when its job runs twice, and under one key when two run at once", async () => {
    const clients = outside();
    await Promise.all([store(clients), store(clients)]);
    expect(await store(clients)).toEqual({ outcome: "already" });
    expect([...clients.saved.keys()]).toEqual([(await row())?.s3_key]);
  });

  it("is not looked for when its message is gone", async () => {
    await db.query("delete from messages where id = $1", [media.message_id]);
    const clients = outside();
    expect(await store(clients)).toEqual({ outcome: "already" });
    expect(clients.asked).toEqual([]);
  });

  it("has failed, with the reason, when it will not be there later either", async () => {
    const clients = outside(async () => {
      throw new MediaLostError("it is larger than 16 MB");
    });
    expect(await store(clients)).toEqual({ outcome: "failed", reason: "it is larger than 16 MB" });
    expect(await row()).toMatchObject({ status: "failed", failure: "it is larger than 16 MB" });
    expect(clients.saved.size).toBe(0);
  });

  it.each([
    ["WhatsApp does not give it", { download: new MediaUnavailableError("it answered 503") }],
    ["the storage does not take it", { save: new Error("S3 is away") }],
  ])("is still to be stored when %s", async (_why, failing: { download?: Error; save?: Error }) => {
    const clients = outside(async () => {
      if (failing.download) throw failing.download;
      return file;
    });
    const save = async () => {
      throw failing.save ?? new Error("not reached");
    };
    await expect(store({ ...clients, save })).rejects.toThrow();
    expect(await row()).toMatchObject({ status: "pending" });
    expect(await store(outside())).toMatchObject({ outcome: "stored" });
  });
});

describe("a file whose job died", () => {
  it("is stored again a minute later, and not before", async () => {
    expect(await desk.run()).toMatchObject({ media_restarted: 0 });
    await desk.passes("61 s");
    expect(await desk.run()).toMatchObject({ media_restarted: 1 });
    expect(await desk.run()).toMatchObject({ media_restarted: 0 });
    expect(desk.storing).toEqual([media.id]);
  });

  it("is left alone once it was stored", async () => {
    await store(outside());
    await desk.passes("65 minutes");
    expect(await desk.run()).toMatchObject({ media_restarted: 0, media_failed: 0 });
  });

  it("is given up after five more tries, with one alert", async () => {
    for (let runs = 0; runs < 8; runs++) {
      await desk.passes("65 minutes");
      await desk.run();
    }
    expect(desk.storing).toHaveLength(5);
    expect(await row()).toMatchObject({ status: "failed", failure: expect.any(String) });
    expect(await desk.alerts()).toMatchObject([{ kind: "media_not_stored", severity: "warning" }]);
  });
});
