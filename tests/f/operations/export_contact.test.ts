import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ExportedContact, exportContact } from "../../../f/operations/export_contact.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  insertContact,
  insertMessage,
  insertMessageMedia,
  insertToolExecution,
  insertTurn,
  insertUser,
  insertWebhookEvent,
} from "../../helpers/records.ts";
import type { ContactRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";
import { OPERATOR } from "./operators.ts";
import { columnsHolding } from "./personal_data.ts";

const PHONE = "4915199887766";

let db: TestDatabase;
let shop: Shop;
let contact: ContactRow;
const files = new Map<string, string>();
beforeAll(async () => {
  db = await createTestDatabase();
  shop = await openShop(db);
  contact = await insertContact(db, { chatbot_id: shop.chatbot.id, phone: PHONE });
  const turn = await insertTurn(db, { contact_id: contact.id });
  const message = await insertMessage(db, { contact_id: contact.id, body: "My size is 42" });
  await insertMessageMedia(db, { message_id: message.id });
  await insertToolExecution(db, { turn_id: turn.id, result: "In stock" });
  await insertWebhookEvent(db, { chatbot_id: shop.chatbot.id, sender_phone: PHONE });
  await insertMessage(db, { chatbot_id: shop.chatbot.id, body: "From another contact" });
});
afterAll(() => db.close());

const save = async (key: string, json: string) => void files.set(key, json);
const run = (userId: string | null = null): Promise<ExportedContact> =>
  shop.as((database) => exportContact(database, save, contact.id, { ...OPERATOR, userId }));

describe("an export", () => {
  it("holds what every table holds of the contact, and of nobody else", async () => {
    const { s3_key } = await run();
    const json = files.get(s3_key) ?? "";
    const data = JSON.parse(json) as Record<string, object[]>;
    for (const word of [PHONE, "My size is 42", "In stock"]) expect(json).toContain(word);
    expect(json).not.toContain("From another contact");
    expect(Object.entries(data).map(([table, rows]) => [table, rows.length])).toEqual([
      ["contacts", 1],
      ["messages", 1],
      ["message_media", 1],
      ["turns", 1],
      ["tool_executions", 1],
      ["integration_sessions", 0],
      ["usage_logs", 0],
      ["system_alerts", 0],
      ["blocked_senders", 0],
      ["webhook_events", 1],
    ]);
  });

  it("names every table that holds the contact's number", async () => {
    const { s3_key } = await run();
    const exported = Object.keys(JSON.parse(files.get(s3_key) ?? "{}") as object);
    const holding = (await columnsHolding(db, [PHONE])).map((column) => column.split(".")[0]);
    expect(holding).not.toEqual([]);
    expect(exported).toEqual(expect.arrayContaining(holding));
  });

  it("answers only where it is, and is in the audit log with that", async () => {
    const exported = await run();
    expect(exported).toEqual({ contact_id: contact.id, s3_key: expect.any(String) });
    expect(JSON.stringify(exported)).not.toContain(PHONE);
    const [entry] = await db.query(
      "select action, subject_id, details from audit_log order by id desc limit 1",
    );
    expect(entry).toEqual({
      action: "export_contact",
      subject_id: contact.id,
      details: { s3_key: exported.s3_key },
    });
  });

  it("is an owner's and an admin's to ask for, and not a member's", async () => {
    const { id: organization_id } = shop.organization;
    const admin = await insertUser(db, { organization_id, role: "admin" });
    const member = await insertUser(db, { organization_id, role: "member" });
    files.clear();
    await expect(run(member.id)).rejects.toMatchObject({ name: "NotPermittedError" });
    expect(files.size).toBe(0);
    await run(admin.id);
    expect(files.size).toBe(1);
  });
});
