import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eraseContact } from "../../../f/operations/erase_contact.ts";
import { JobsNotRemovableError } from "../../../f/operations/finish_erasure.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  insertAuditLog,
  insertBlockedSender,
  insertContact,
  insertMessage,
  insertMessageMedia,
  insertSystemAlert,
  insertToolExecution,
  insertTurn,
  insertUsageLog,
  insertUser,
  insertWebhookEvent,
} from "../../helpers/records.ts";
import type { ContactRow, ErasureRow, TurnRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";
import { JobArchive } from "./job_archive.ts";
import { OPERATOR } from "./operators.ts";
import { columnsHolding } from "./personal_data.ts";

const PERSON = {
  phone: "4915199887766",
  bsuid: "DE.987654321012345",
  profile_name: "Zephyrine Quistgaard",
};
const WORDS = Object.values(PERSON);

let db: TestDatabase;
let shop: Shop;
let contact: ContactRow;
let turn: TurnRow;
let archive: JobArchive;
let files: Set<string>;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.query("delete from organizations");
  shop = await openShop(db);
  archive = new JobArchive();
  files = new Set();
  await insertConversation();
});
afterAll(() => db.close());

/** What a platform would hold of one contact who wrote, sent a file, was blocked and met a fault. */
async function insertConversation(): Promise<void> {
  const chatbot_id = shop.chatbot.id;
  const said = `I am ${PERSON.profile_name}, call +${PERSON.phone}`;
  contact = await insertContact(db, {
    chatbot_id,
    ...PERSON,
    variables: { name: PERSON.profile_name },
    summary: said,
    summary_until_message_id: 1,
  });
  turn = await insertTurn(db, {
    contact_id: contact.id,
    status: "completed",
    reply: `Hello ${PERSON.profile_name}`,
    reply_kind: "answer",
    error: said,
    flow_job_id: randomUUID(),
  });
  const message = await insertMessage(db, {
    contact_id: contact.id,
    turn_id: turn.id,
    body: said,
    details: { contacts: [{ wa_id: PERSON.phone }] },
    wamid: `wamid.${PERSON.phone}`,
  });
  const key = `media/${message.id}`;
  files.add(key);
  await insertMessageMedia(db, {
    message_id: message.id,
    status: "stored",
    s3_key: key,
    sha256: "0".repeat(64),
    byte_size: 1,
    finished_at: new Date(),
  });
  await insertToolExecution(db, { turn_id: turn.id, arguments: { said }, result: said });
  await insertUsageLog(db, { turn_id: turn.id });
  await insertSystemAlert(db, {
    organization_id: shop.organization.id,
    turn_id: turn.id,
    summary: said,
    details: { said },
  });
  await insertBlockedSender(db, { chatbot_id, phone: PERSON.phone });
  await insertEvents(said);
}

async function insertEvents(said: string): Promise<void> {
  const event = { chatbot_id: shop.chatbot.id, phone_number_id: shop.chatbot.phone_number_id };
  const sender = { sender_bsuid: PERSON.bsuid, sender_phone: PERSON.phone };
  await insertWebhookEvent(db, {
    ...event,
    ...sender,
    turn_id: turn.id,
    status: "completed",
    payload: { message: { from: PERSON.phone, text: said }, profile_name: PERSON.profile_name },
  });
  await insertWebhookEvent(db, {
    ...event,
    kind: "status",
    status: "completed",
    external_id: `wamid.${PERSON.phone}:read:${PERSON.phone}`,
    payload: { status: { recipient_id: PERSON.phone } },
  });
  await insertWebhookEvent(db, {
    ...event,
    kind: "other",
    status: "ignored",
    payload: { calls: [{ from: PERSON.phone, name: PERSON.profile_name }] },
  });
}

const erase = (userId: string | null = null, clients = outside()) =>
  shop.as((database) => eraseContact(database, clients, contact.id, { ...OPERATOR, userId }));

const outside = (removeFile = async (key: string) => void files.delete(key)) => ({
  jobs: archive.records,
  removeFile,
});

const erasures = () => db.query<ErasureRow>("select * from erasures");

const usage = () =>
  db.query(
    `select count(*)::int, sum(input_tokens), sum(output_tokens), sum(cost_usd) from usage_logs
     where organization_id = $1`,
    [shop.organization.id],
  );

describe("an erased contact", () => {
  it("is named in no text or jsonb column of any table", async () => {
    const before = await columnsHolding(db, WORDS);
    expect(before).toEqual(
      expect.arrayContaining([
        "blocked_senders.phone",
        "contacts.bsuid",
        "contacts.phone",
        "contacts.profile_name",
        "contacts.summary",
        "contacts.variables",
        "messages.body",
        "messages.details",
        "messages.wamid",
        "system_alerts.details",
        "system_alerts.summary",
        "tool_executions.arguments",
        "tool_executions.result",
        "turns.error",
        "turns.reply",
        "webhook_events.external_id",
        "webhook_events.payload",
        "webhook_events.sender_bsuid",
        "webhook_events.sender_phone",
      ]),
    );
    expect(await erase()).toMatchObject({ outcome: "erased", contact_id: contact.id });
    expect(await columnsHolding(db, WORDS)).toEqual([]);
  });

  it("is looked for in every table whose rows are a contact's, a turn's or a message's", async () => {
    const tables = await db.query<{ name: string }>(
      `select distinct table_name::text as name from information_schema.columns
       where table_schema = 'public' and column_name in ('contact_id', 'turn_id', 'message_id')`,
    );
    const { removed } = await erase();
    // these two hold ids and numbers, and stay
    const known = [...Object.keys(removed), "usage_logs", "erasures"];
    expect(known).toEqual(expect.arrayContaining(tables.map(({ name }) => name)));
  });

  it("leaves what it used in the ledger", async () => {
    const before = await usage();
    expect(before).toMatchObject([{ count: 1 }]);
    await erase();
    expect(await usage()).toEqual(before);
  });

  it("leaves a certificate and an entry in the audit log", async () => {
    const owner = await insertUser(db, { organization_id: shop.organization.id, role: "owner" });
    const flow = archive.add({ id: turn.flow_job_id });
    archive.add({ parent: flow });
    const { removed } = await erase(owner.id);
    expect(removed).toEqual({
      webhook_events: 3,
      tool_executions: 1,
      integration_sessions: 0,
      message_media: 1,
      messages: 1,
      blocked_senders: 1,
      system_alerts: 1,
      turns: 1,
      contacts: 1,
      files: 1,
      jobs: 2,
    });
    expect(await erasures()).toMatchObject([
      { contact_id: contact.id, user_id: owner.id, removed, finished_at: expect.any(Date) },
    ]);
    expect(await db.query("select action, user_id, subject_id from audit_log")).toEqual([
      { action: "erase_contact", user_id: owner.id, subject_id: contact.id },
    ]);
  });

  it("takes its files along, also the exports of it", async () => {
    files.add("exports/1.json");
    await insertAuditLog(db, {
      organization_id: shop.organization.id,
      action: "export_contact",
      subject_id: contact.id,
      details: { s3_key: "exports/1.json" },
    });
    await erase();
    expect([...files]).toEqual([]);
  });

  it("is a new contact when it writes again", async () => {
    await erase();
    const event = await shop.contactWrites("Hello again", {
      sender_phone: PERSON.phone,
      sender_bsuid: PERSON.bsuid,
    });
    const loaded = await shop.load(event);
    expect(loaded.outcome).toBe("reply");
    const contacts = await db.query<ContactRow>("select * from contacts order by created_at");
    expect(contacts).toMatchObject([
      { id: contact.id, bsuid: `erased:${contact.id}`, phone: null },
      { bsuid: PERSON.bsuid, phone: PERSON.phone, summary: "" },
    ]);
  });

  it("stays erased when a job that began before writes to it", async () => {
    await erase();
    await shop.as(async (database) => {
      await database.query("select set_config('app.organization_id', $1, false)", [
        shop.organization.id,
      ]);
      await database.query("update contacts set summary = 'late' where id = $1", [contact.id]);
    });
    expect(await db.query("select summary from contacts")).toEqual([{ summary: "" }]);
  });
});

describe("others", () => {
  it("keep what they said, and their files", async () => {
    const other = await insertContact(db, { chatbot_id: shop.chatbot.id });
    const message = await insertMessage(db, { contact_id: other.id, body: "Mine" });
    await insertWebhookEvent(db, { chatbot_id: shop.chatbot.id, sender_phone: other.phone });
    files.add("media/theirs");
    await erase();
    expect(await db.query("select id from messages")).toEqual([{ id: message.id }]);
    expect(await db.query("select sender_phone from webhook_events")).toEqual([
      { sender_phone: other.phone },
    ]);
    expect([...files]).toEqual(["media/theirs"]);
  });

  it.each(["admin", "member"] as const)("who are %s may not erase it", async (role) => {
    const user = await insertUser(db, { organization_id: shop.organization.id, role });
    await expect(erase(user.id)).rejects.toMatchObject({ name: "NotPermittedError" });
    expect(await columnsHolding(db, WORDS)).not.toEqual([]);
  });
});

describe("a live turn", () => {
  const openTurn = async () => {
    await db.query("delete from blocked_senders");
    const sender = { sender_phone: PERSON.phone, sender_bsuid: PERSON.bsuid };
    return shop.claim(await shop.contactWrites("When do you open?", sender));
  };

  it("sends nothing any more", async () => {
    const live = await openTurn();
    await erase();
    const generated = await shop.generate(live);
    expect(generated.outcome).toBe("superseded");
    expect((await shop.send(live)).outcome).toBe("superseded");
    expect(shop.whatsApp.sent).toEqual([]);
    expect(await columnsHolding(db, WORDS)).toEqual([]);
  });

  it("would have sent its reply", async () => {
    // control of the test above
    const live = await openTurn();
    await shop.generate(live);
    expect((await shop.send(live)).outcome).toBe("sent");
  });
});

describe("an erasure that was interrupted", () => {
  it("changes nothing when it dies before its commit", async () => {
    const before = await columnsHolding(db, WORDS);
    await db.query("alter table erasures add constraint none check (false)");
    await expect(erase()).rejects.toThrow();
    await db.query("alter table erasures drop constraint none");
    expect(await columnsHolding(db, WORDS)).toEqual(before);
    expect(await erase()).toMatchObject({ outcome: "erased" });
  });

  it("goes on where object storage was away", async () => {
    const away = async () => {
      throw new Error("S3 is away");
    };
    await expect(erase(null, outside(away))).rejects.toThrow("S3 is away");
    expect(await columnsHolding(db, WORDS)).toEqual([]);
    expect(await erasures()).toMatchObject([{ finished_at: null, file_keys: [...files] }]);
    expect(await erase()).toMatchObject({ outcome: "erased", removed: { files: 1 } });
    expect([...files]).toEqual([]);
    expect(await db.query("select action from audit_log")).toHaveLength(1);
  });

  it("answers the same when it is asked again", async () => {
    const first = await erase();
    expect(await erase()).toEqual(first);
  });
});

describe("Windmill's jobs", () => {
  it("are removed with all that they started, and a running one is cancelled first", async () => {
    const flow = archive.add({ id: turn.flow_job_id, isCompleted: false });
    const step = archive.add({ parent: flow, isCompleted: false });
    archive.add({ parent: step });
    const theirs = archive.add({});
    await erase();
    expect(archive.cancelled).toEqual([flow, step]);
    expect(archive.ids()).toEqual([theirs]);
  });

  it("that only an admin may remove are left with the files, which the certificate lists until one asks", async () => {
    const flow = archive.add({ id: turn.flow_job_id });
    const kept = [...files];
    archive.isAdmins = false;
    const refused = erase();
    await expect(refused).rejects.toThrow(JobsNotRemovableError);
    await expect(refused).rejects.toThrow(/only an admin of the workspace may remove/);
    expect(await columnsHolding(db, WORDS)).toEqual([]);
    expect(await erasures()).toMatchObject([
      { finished_at: null, flow_job_ids: [flow], file_keys: kept },
    ]);
    expect([archive.ids(), [...files]]).toEqual([[flow], kept]);
    archive.isAdmins = true;
    expect(await erase()).toMatchObject({ outcome: "erased", removed: { jobs: 1, files: 1 } });
    expect([archive.ids(), [...files]]).toEqual([[], []]);
  });

  it("are found by the event, too: a turn that was taken over knows its last flow only", async () => {
    const [event] = await db.query<{ id: number }>(
      "select id from webhook_events where kind = 'message'",
    );
    archive.add({ eventId: event?.id });
    await erase();
    expect(archive.ids()).toEqual([]);
  });

  it("of whoever blocked the number are removed: it stands in their arguments", async () => {
    const job_id = archive.add({});
    await insertAuditLog(db, {
      organization_id: shop.organization.id,
      action: "block_contact",
      job_id,
      subject_table: "chatbots",
      subject_id: shop.chatbot.id,
      details: { by: "phone", contact_ids: [contact.id] },
    });
    await erase();
    expect(archive.ids()).toEqual([]);
  });
});
