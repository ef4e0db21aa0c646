import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteDocument } from "../../../f/knowledge/delete_document.ts";
import { listDocuments } from "../../../f/knowledge/list_documents.ts";
import { removeUnusedFiles } from "../../../f/knowledge/unused_files.ts";
import { withTenant } from "../../../f/platform/postgres.ts";
import { insertChatbot, insertKnowledgeSource, insertUser } from "../../helpers/records.ts";
import type { ChatbotRow, UnusedFileRow } from "../../helpers/rows.ts";
import { OPERATOR } from "../operations/operators.ts";
import { base64, type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";

let world: KnowledgeWorld;
let chatbot: ChatbotRow;
beforeAll(async () => {
  world = await startKnowledgeWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  chatbot = await insertChatbot(world.db);
});

const upload = async (content: string) =>
  (
    await world.upload({
      chatbot_id: chatbot.id,
      source_type: "text",
      name: "Handbook",
      file_content: base64(content),
    })
  ).knowledge_source_id;
const removeFile = async (key: string) => void world.files.delete(key);
const remove = (id: string, { remover = removeFile, operator = OPERATOR } = {}) =>
  world.as((database) => deleteDocument(database, remover, id, operator));
const filesOf = ({ id }: ChatbotRow) => [...world.files.keys()].filter((key) => key.includes(id));
const usage = async () =>
  (
    await world.db.query(
      "select source_count, storage_bytes::int from knowledge_usage where organization_id = $1",
      [chatbot.organization_id],
    )
  )[0];
const unused = () =>
  world.db.query<UnusedFileRow>("select s3_key from unused_files where organization_id = $1", [
    chatbot.organization_id,
  ]);
const sweep = () =>
  world.as((database) => removeUnusedFiles(database, chatbot.organization_id, removeFile));

describe("deleting a document", () => {
  it("takes its passages, its file and its part of the counters along", async () => {
    const id = await upload("The warranty lasts seven years.");
    const kept = await upload("We open at nine.");
    await world.process(id);
    await world.process(kept);
    expect(await remove(id)).toEqual({ outcome: "deleted" });
    expect(await world.find(chatbot, "How long is the warranty?")).toEqual([]);
    expect(await world.find(chatbot, "When do you open?")).toHaveLength(1); // control
    expect(filesOf(chatbot)).toHaveLength(1);
    expect(await usage()).toEqual({ source_count: 1, storage_bytes: 16 });
    expect(await unused()).toEqual([]);
    expect(await remove(id)).toEqual({ outcome: "already" });
  });

  it("goes on with the file when it was killed before that", async () => {
    const id = await upload("The warranty lasts seven years.");
    const remover = () => Promise.reject(new Error("killed"));
    await expect(remove(id, { remover })).rejects.toThrow("killed");
    expect(filesOf(chatbot)).toHaveLength(1);
    expect(await sweep()).toBe(1);
    expect(filesOf(chatbot)).toEqual([]);
    expect(await unused()).toEqual([]);
  });

  it("leaves a file that another source uses", async () => {
    const id = await upload("The warranty lasts seven years.");
    const [s3_key] = filesOf(chatbot);
    await insertKnowledgeSource(world.db, { chatbot_id: chatbot.id, s3_key: s3_key ?? "" });
    await remove(id);
    expect(filesOf(chatbot)).toHaveLength(1);
    expect(await unused()).toEqual([]);
  });

  it("leaves the file of a document that has been uploaded anew meanwhile", async () => {
    const remover = () => Promise.reject(new Error("killed"));
    await expect(remove(await upload("Hello"), { remover })).rejects.toThrow("killed");
    const anew = await upload("Hello");
    expect(await sweep()).toBe(0);
    expect(await world.process(anew)).toMatchObject({ outcome: "ready" });
  });

  it("ends the job that is processing it, without a failure and without a passage left", async () => {
    const sections = Array.from({ length: 400 }, (_, n) => `Bike ${n} has a frame of steel. `);
    const id = await upload(sections.map((text) => text.repeat(20)).join("\n\n"));
    let isDeleted = false;
    const showProgress = async (percent: number) => {
      // its first passages are stored, more are to come
      if (percent <= 20 || isDeleted) return;
      isDeleted = true;
      await remove(id);
    };
    expect(await world.process(id, { showProgress })).toEqual({ outcome: "superseded" });
    expect(isDeleted).toBe(true);
    const left = await world.db.query("select id from document_chunks where chatbot_id = $1", [
      chatbot.id,
    ]);
    expect(left).toEqual([]);
  });

  it("is an owner's or an admin's to do, and stands in the audit log", async () => {
    const id = await upload("Hello");
    const { organization_id } = chatbot;
    const member = await insertUser(world.db, { organization_id, role: "member" });
    const stranger = await insertUser(world.db, { role: "owner" });
    const owner = await insertUser(world.db, { organization_id, role: "owner" });
    const as = (userId: string) => ({ operator: { ...OPERATOR, userId } });
    await expect(remove(id, as(member.id))).rejects.toMatchObject({ name: "NotPermittedError" });
    await expect(remove(id, as(stranger.id))).rejects.toMatchObject({ name: "NotPermittedError" });
    expect(filesOf(chatbot)).toHaveLength(1);
    await remove(id, as(owner.id));
    const log = await world.db.query(
      "select action, user_id, subject_id from audit_log where organization_id = $1",
      [organization_id],
    );
    expect(log).toEqual([{ action: "delete_document", user_id: owner.id, subject_id: id }]);
  });

  it("is done for all documents of a chatbot that is deleted, files included", async () => {
    await upload("Hello");
    await world.db.query("delete from chatbots where id = $1", [chatbot.id]);
    expect(await sweep()).toBe(1);
    expect(filesOf(chatbot)).toEqual([]);
  });

  it("does not keep an organization from being deleted", async () => {
    await upload("Hello");
    await world.db.query("delete from organizations where id = $1", [chatbot.organization_id]);
    expect(await unused()).toEqual([]);
  });
});

describe("the list of documents", () => {
  const list = (query: { status?: "any" | "failed"; page?: number } = {}) =>
    world.as((database) =>
      withTenant(database, chatbot.organization_id, (tenant) =>
        listDocuments(tenant, {
          chatbotId: chatbot.id,
          status: "any",
          page: 1,
          pageSize: 2,
          ...query,
        }),
      ),
    );

  it("says of each what it is and what is the matter with it, a page at a time", async () => {
    const first = await upload("The warranty lasts seven years.");
    await world.process(first);
    const empty = await upload(" ");
    await world.process(empty);
    await upload("Third");
    // another chatbot's of the same organization
    const { organization_id } = chatbot;
    const sibling = await insertChatbot(world.db, { organization_id });
    await insertKnowledgeSource(world.db, { chatbot_id: sibling.id });

    const one = await list();
    expect(one).toMatchObject({ page: 1, total_pages: 2, total_documents: 3 });
    expect(one.documents).toHaveLength(2);
    const { documents } = await list({ page: 2 });
    expect(documents).toEqual([
      {
        id: first,
        name: "Handbook",
        type: "text",
        url: null,
        status: "ready",
        progress: 100,
        pages: null,
        chunks: 1,
        bytes: 31,
        error: null,
        is_searchable: true,
        gone_since: null,
        updated_at: expect.any(Date),
      },
    ]);
    expect((await list({ status: "failed" })).documents).toMatchObject([
      { id: empty, error: "There is no text in this document.", is_searchable: false },
    ]);
    await world.db.query(
      `update knowledge_sources set status = 'pending',
         check_problem = 'The page is no longer there.' where id = $1`,
      [first],
    );
    expect((await list({ page: 2 })).documents).toMatchObject([
      { id: first, error: "The page is no longer there.", is_searchable: true },
    ]);
  });
});
