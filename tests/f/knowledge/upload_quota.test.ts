import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ObjectStorage } from "../../../f/knowledge/uploaded_object.ts";
import { insertChatbot, insertOrganization } from "../../helpers/records.ts";
import type { ChatbotRow, OrganizationRow } from "../../helpers/rows.ts";
import { base64, type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";

describe("an organization's limits", () => {
  let world: KnowledgeWorld;
  let chatbot: ChatbotRow;
  beforeAll(async () => {
    world = await startKnowledgeWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    chatbot = await insertChatbot(world.db);
  });

  const limited = async (limits: Partial<OrganizationRow>) => {
    const organization = await insertOrganization(world.db, limits);
    chatbot = await insertChatbot(world.db, { organization_id: organization.id });
  };
  const upload = (content: string = randomUUID(), chatbot_id = chatbot.id) =>
    world.upload({ chatbot_id, source_type: "text", name: "A", file_content: base64(content) });
  const usage = async () =>
    (
      await world.db.query<{ source_count: number; storage_bytes: number }>(
        `select source_count, storage_bytes::int as storage_bytes, uploads_that_day
         from knowledge_usage where organization_id = $1`,
        [chatbot.organization_id],
      )
    )[0];

  it("let nothing of a kind in that is not allowed at all", async () => {
    await limited({ source_limit: 2 });
    await upload("first");
    const other = await insertChatbot(world.db, { organization_id: chatbot.organization_id });
    await upload("second", other.id);
    const files = world.files.size;
    await expect(upload("third")).rejects.toMatchObject({
      name: "UploadLimitError",
      limit: "sources",
      message: expect.stringContaining("may have 2 documents"),
    });
    expect(world.files.size).toBe(files);
    // what is there is not a new one
    expect(await upload("first")).toMatchObject({ status: "pending" });
  });

  it("count bytes, and give them back with the source", async () => {
    await limited({ storage_limit_bytes: 10 });
    const { knowledge_source_id } = await upload("123456");
    await expect(upload("12345")).rejects.toMatchObject({ limit: "storage" });
    await upload("1234");
    expect(await usage()).toMatchObject({ source_count: 2, storage_bytes: 10 });
    await world.db.query("delete from knowledge_sources where id = $1", [knowledge_source_id]);
    expect(await usage()).toMatchObject({ source_count: 1, storage_bytes: 4 });
    await upload("123456");
  });

  it("leave room for a document that failed, which takes no more of it, but for the day's", async () => {
    await limited({ source_limit: 1, storage_limit_bytes: 6, daily_upload_limit: 2 });
    const { knowledge_source_id } = await upload("123456");
    const fail = () =>
      world.db.query(
        "update knowledge_sources set status = 'failed', error_message = 'It failed.' where id = $1",
        [knowledge_source_id],
      );
    await fail();
    expect(await upload("123456")).toMatchObject({ knowledge_source_id, status: "pending" });
    expect(await usage()).toMatchObject({ source_count: 1, storage_bytes: 6 });
    await fail();
    await expect(upload("123456")).rejects.toMatchObject({ limit: "day" });
  });

  it("begin anew each day", async () => {
    await limited({ daily_upload_limit: 1 });
    await upload();
    await expect(upload()).rejects.toMatchObject({ limit: "day" });
    await world.db.query(
      "update knowledge_usage set upload_day = upload_day - 1 where organization_id = $1",
      [chatbot.organization_id],
    );
    await upload();
    await expect(upload()).rejects.toMatchObject({ limit: "day" });
  });

  it("take the day from the organization's clock", async () => {
    // 26 hours apart: these never have the same day
    const days = await Promise.all(
      ["Etc/GMT+12", "Pacific/Kiritimati"].map(async (timezone) => {
        const { id } = await insertOrganization(world.db, { timezone });
        await upload("x", (await insertChatbot(world.db, { organization_id: id })).id);
        const [used] = await world.db.query<{ day: string }>(
          "select upload_day::text as day from knowledge_usage where organization_id = $1",
          [id],
        );
        return used?.day;
      }),
    );
    expect(days).toEqual([expect.any(String), expect.any(String)]);
    expect(days[0]).not.toBe(days[1]);
  });

  it("are none where they are null", async () => {
    await limited({ source_limit: null, storage_limit_bytes: null, daily_upload_limit: null });
    for (let n = 0; n < 3; n++) await upload();
    expect(await usage()).toMatchObject({ source_count: 3 });
  });

  it("hold for uploads at the same moment", async () => {
    await limited({ source_limit: 3 });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => upload()));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(await usage()).toMatchObject({ source_count: 3 });
  });

  it("are counted when a chatbot goes with all it has", async () => {
    await upload();
    await world.db.query("delete from chatbots where id = $1", [chatbot.id]);
    expect(await usage()).toMatchObject({ source_count: 0, storage_bytes: 0 });
  });
});

describe("a file in the object storage", () => {
  let world: KnowledgeWorld;
  let chatbot: ChatbotRow;
  beforeAll(async () => {
    world = await startKnowledgeWorld();
    chatbot = await insertChatbot(world.db);
  });
  afterAll(() => world.close());

  const upload = (s3: string, storage?: string, objects?: ObjectStorage) =>
    world.upload(
      { chatbot_id: chatbot.id, source_type: "text", name: "A", file: { s3, storage } },
      objects && { storage: objects },
    );
  /** To load it is to run out of memory. */
  const ENORMOUS: ObjectStorage = {
    sizeOf: async () => 5 * 1024 ** 3,
    load: () => Promise.reject(new Error("5 GB were loaded")),
  };

  it.each([
    ["the form's", () => "windmill_uploads/upload_1.txt"],
    ["the organization's own", () => `uploads/${chatbot.organization_id}/hours.txt`],
  ])("is taken from %s folder, and kept as ours", async (_what, key) => {
    world.files.set(key(), Buffer.from(`We open at nine. ${key()}`));
    const { knowledge_source_id } = await upload(key());
    world.files.delete(key());
    expect(await world.process(knowledge_source_id)).toMatchObject({ outcome: "ready" });
  });

  it.each([
    ["another organization's", () => `uploads/${randomUUID()}/hours.txt`],
    ["another organization's knowledge", () => `knowledge/${randomUUID()}/a/b`],
    ["none of these folders", () => "secrets/hours.txt"],
    ["a folder above", () => `uploads/${chatbot.organization_id}/../x/hours.txt`],
  ])("is refused when it is in %s", async (_what, key) => {
    world.files.set(key(), Buffer.from("secret"));
    await expect(upload(key())).rejects.toMatchObject({ name: "ObjectNotAllowedError" });
  });

  it("is refused when it is too large, gone, of another type, or elsewhere", async () => {
    const key = "windmill_uploads/a";
    await expect(upload("windmill_uploads/gone")).rejects.toMatchObject({
      name: "FileMissingError",
    });
    world.files.set(key, Buffer.alloc(10 * 1024 * 1024 + 1, "a"));
    await expect(upload(key)).rejects.toMatchObject({ name: "FileTooLargeError" });
    await expect(upload(key, undefined, ENORMOUS)).rejects.toMatchObject({
      name: "FileTooLargeError",
    });
    world.files.set(key, Buffer.from("%PDF-1.7"));
    await expect(upload(key)).rejects.toMatchObject({ name: "WrongFileTypeError" });
    await expect(upload(key, "second")).rejects.toMatchObject({ name: "UploadInvalidError" });
  });
});
