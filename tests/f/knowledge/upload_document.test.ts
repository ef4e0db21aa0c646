import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertChatbot, insertUser } from "../../helpers/records.ts";
import type { KnowledgeSourceRow } from "../../helpers/rows.ts";
import { OPERATOR } from "../operations/operators.ts";
import { base64, type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";

describe("uploadDocument", () => {
  let world: KnowledgeWorld;
  beforeAll(async () => {
    world = await startKnowledgeWorld();
  });
  afterAll(() => world.close());

  const text = (chatbot_id: string, content = `We open at nine. ${randomUUID()}`) => ({
    chatbot_id,
    source_type: "text" as const,
    name: "Opening hours",
    file_content: base64(content),
  });
  const source = async (id: string) => {
    const rows = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    return rows[0];
  };

  it("is an owner's or an admin's to make, and stands in the audit log", async () => {
    const chatbot = await insertChatbot(world.db);
    const { organization_id } = chatbot;
    const member = await insertUser(world.db, { organization_id, role: "member" });
    const stranger = await insertUser(world.db, { role: "owner" });
    const admin = await insertUser(world.db, { organization_id, role: "admin" });
    const as = (userId: string) =>
      world.upload(text(chatbot.id), undefined, { ...OPERATOR, userId });
    await expect(as(member.id)).rejects.toMatchObject({ name: "NotPermittedError" });
    await expect(as(stranger.id)).rejects.toMatchObject({ name: "NotPermittedError" });
    const { knowledge_source_id } = await as(admin.id);
    const log = await world.db.query(
      "select action, user_id, subject_id from audit_log where organization_id = $1",
      [organization_id],
    );
    const subject_id = knowledge_source_id;
    expect(log).toEqual([{ action: "upload_document", user_id: admin.id, subject_id }]);
  });

  it("stores the file, writes the row and starts the job", async () => {
    const chatbot = await insertChatbot(world.db);
    const uploaded = await world.upload(text(chatbot.id, "We open at nine."));

    expect(uploaded).toMatchObject({ status: "pending", job_id: expect.any(String) });
    expect(world.started).toContain(uploaded.knowledge_source_id);
    const row = await source(uploaded.knowledge_source_id);
    expect(row).toMatchObject({
      organization_id: chatbot.organization_id,
      chatbot_id: chatbot.id,
      source_type: "text",
      name: "Opening hours",
      status: "pending",
      byte_size: 16,
      url: null,
    });
    expect(Buffer.from(world.files.get(row?.s3_key ?? "") ?? []).toString()).toBe(
      "We open at nine.",
    );
  });

  it("stores no file for a web page, and takes its address without the fragment as its identity", async () => {
    const { id: chatbot_id } = await insertChatbot(world.db);
    const page = { chatbot_id, source_type: "url" as const, name: "Delivery" };
    const files = world.files.size;
    const first = await world.upload({ ...page, url: "https://example.com/delivery#islands" });
    const second = await world.upload({ ...page, url: "https://example.com/delivery" });

    expect(second.knowledge_source_id).toBe(first.knowledge_source_id);
    expect(await source(first.knowledge_source_id)).toMatchObject({
      url: "https://example.com/delivery",
      s3_key: null,
    });
    expect(world.files.size).toBe(files);
  });

  it("answers the source that is there already, without another job", async () => {
    const { id } = await insertChatbot(world.db);
    const first = await world.upload(text(id, "the same"));
    const jobs = world.started.length;
    const second = await world.upload({ ...text(id, "the same"), name: "Another name" });

    expect(second).toEqual({
      knowledge_source_id: first.knowledge_source_id,
      status: "pending",
    });
    expect(world.started).toHaveLength(jobs);
  });

  it("makes another source of the same file for another chatbot", async () => {
    const [mine, other] = [await insertChatbot(world.db), await insertChatbot(world.db)];
    const first = await world.upload(text(mine.id, "shared"));
    const second = await world.upload(text(other.id, "shared"));
    expect(second.knowledge_source_id).not.toBe(first.knowledge_source_id);
  });

  it("tries a failed source again, from the start", async () => {
    const { id } = await insertChatbot(world.db);
    const { knowledge_source_id } = await world.upload(text(id, "again"));
    await world.db.query(
      `update knowledge_sources
       set status = 'failed', error_message = 'It failed.', progress = 40, recoveries = 2 where id = $1`,
      [knowledge_source_id],
    );
    expect(await world.upload({ ...text(id, "again"), name: "Hours" })).toMatchObject({
      knowledge_source_id,
      status: "pending",
      job_id: expect.any(String),
    });
    expect(await source(knowledge_source_id)).toMatchObject({
      name: "Hours",
      status: "pending",
      progress: 0,
      error_message: null,
      recoveries: 0,
    });
  });

  it("tries a source again on which nobody has worked for a quarter of an hour", async () => {
    const { id } = await insertChatbot(world.db);
    const { knowledge_source_id } = await world.upload(text(id, "stuck"));
    const silentFor = (minutes: number) =>
      world.db.query(
        `with quiet as (select set_config('session_replication_role', 'replica', true))
         update knowledge_sources set status = 'processing', stage = 'embedding', updated_at = now() - make_interval(mins => $2)
         from quiet where id = $1`,
        [knowledge_source_id, minutes],
      );
    await silentFor(14);
    expect(await world.upload(text(id, "stuck"))).not.toHaveProperty("job_id");
    await silentFor(16);
    expect(await world.upload(text(id, "stuck"))).toHaveProperty("job_id");
    expect(await source(knowledge_source_id)).toMatchObject({ status: "pending", stage: null });
  });

  const away = () => Promise.reject(new Error("Windmill is away"));

  it.each([
    ["its job cannot be started", { startProcessing: away }],
    ["its file cannot be stored", { saveFile: away }],
  ])("leaves a source failed, with a sentence, when %s", async (_what, clients) => {
    const { id } = await insertChatbot(world.db);
    await expect(world.upload(text(id, "no job"), clients)).rejects.toThrow("Windmill is away");
    const [row] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where chatbot_id = $1",
      [id],
    );
    expect(row).toMatchObject({
      status: "failed",
      error_message: expect.stringContaining("Upload it again"),
    });
  });

  it("says that a chatbot does not exist", async () => {
    await expect(world.upload(text(randomUUID()))).rejects.toMatchObject({
      name: "ChatbotNotFoundError",
    });
  });
});
