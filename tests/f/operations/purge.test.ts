import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eraseContact } from "../../../f/operations/erase_contact.ts";
import { type PurgeLimits, purge } from "../../../f/operations/purge.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  insertContact,
  insertMessage,
  insertMessageMedia,
  insertSystemAlert,
  insertToolExecution,
  insertTurn,
  insertUsageLog,
  insertWebhookEvent,
} from "../../helpers/records.ts";
import type { OrganizationRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";
import { JobArchive } from "./job_archive.ts";
import { OPERATOR } from "./operators.ts";

const LIMITS: PurgeLimits = { batch: 2, batches: 10 };
const SETTINGS = {
  keep_messages_days: 10,
  keep_webhook_events_days: 10,
  keep_logs_days: 10,
  keep_alerts_days: 10,
} satisfies Partial<OrganizationRow>;

let db: TestDatabase;
let shop: Shop;
let files: Set<string>;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.query("delete from organizations");
  await db.query("delete from webhook_events");
  shop = await openShop(db, { organization: SETTINGS });
  files = new Set();
});
afterAll(() => db.close());

const clients = () => ({
  jobs: new JobArchive().records,
  removeFile: async (key: string) => void files.delete(key),
});
const run = (limits = LIMITS) => shop.as((database) => purge(database, clients(), limits));

/** One of everything that was made `days` ago. */
async function insertOf(of: Shop, days: number): Promise<void> {
  const at = new Date(Date.now() - days * 86_400_000);
  const chatbot_id = of.chatbot.id;
  const contact = await insertContact(db, {
    chatbot_id,
    last_message_at: at,
    summary: "We talked.",
    summary_until_message_id: 1,
  });
  const turn = await insertTurn(db, {
    contact_id: contact.id,
    status: "completed",
    reply: "At nine.",
    reply_kind: "answer",
    finished_at: at,
  });
  const message = await insertMessage(db, {
    contact_id: contact.id,
    turn_id: turn.id,
    sent_at: at,
  });
  const s3_key = `media/${message.id}`;
  files.add(s3_key);
  await insertMessageMedia(db, {
    message_id: message.id,
    status: "stored",
    s3_key,
    sha256: "0".repeat(64),
    byte_size: 1,
    finished_at: at,
  });
  await insertUsageLog(db, { turn_id: turn.id });
  await insertToolExecution(db, { turn_id: turn.id });
  await insertWebhookEvent(db, { chatbot_id, turn_id: turn.id, status: "completed" });
  await insertSystemAlert(db, { organization_id: of.organization.id });
  const own = "where organization_id = $2 and id = (select max(id) from";
  const id = of.organization.id;
  await db.query(`update tool_executions set created_at = $1 ${own} tool_executions)`, [at, id]);
  await db.query(`update webhook_events set received_at = $1 ${own} webhook_events)`, [at, id]);
  await db.query(`update system_alerts set created_at = $1 ${own} system_alerts)`, [at, id]);
}

const held = async () => {
  const [counts] = await db.query<Record<string, number>>(`select
    (select count(*)::int from messages) as messages,
    (select count(*)::int from message_media) as media,
    (select count(*)::int from turns where reply <> '') as replies,
    (select count(*)::int from contacts where summary <> '') as summaries,
    (select count(*)::int from webhook_events) as events,
    (select count(*)::int from tool_executions) as executions,
    (select count(*)::int from system_alerts) as alerts,
    (select count(*)::int from usage_logs) as usage`);
  return { ...counts, files: files.size };
};

const all = (count: number) => ({
  messages: count,
  media: count,
  replies: count,
  summaries: count,
  events: count,
  executions: count,
  alerts: count,
  files: count,
});

describe("what is older than its organization keeps it", () => {
  it("is deleted with its files, and what is younger stays", async () => {
    await insertOf(shop, 11);
    await insertOf(shop, 9);
    expect(await held()).toEqual({ ...all(2), usage: 2 });
    expect(await run()).toMatchObject({ is_complete: true });
    expect(await held()).toEqual({ ...all(1), usage: 2 });
  });

  it("is kept by an organization that keeps it longer, or for ever", async () => {
    const longer = await openShop(db, {
      organization: {
        keep_messages_days: null,
        keep_webhook_events_days: 12,
        keep_logs_days: null,
        keep_alerts_days: null,
      },
    });
    await insertOf(longer, 11);
    await insertOf(shop, 11);
    await run();
    expect(await held()).toEqual({ ...all(1), usage: 2 });
  });

  it("is deleted in batches, of which a run makes so many", async () => {
    for (let made = 0; made < 5; made++) await insertOf(shop, 11);
    expect(await run({ batch: 2, batches: 2 })).toMatchObject({ is_complete: false });
    expect(await held()).toEqual({ ...all(1), usage: 5 });
    expect(await run({ batch: 2, batches: 2 })).toMatchObject({ is_complete: true });
    expect(await held()).toEqual({ ...all(0), usage: 5 });
  });

  it("stays while its turn is not finished", async () => {
    await insertOf(shop, 11);
    await db.query("delete from message_media");
    await db.query("update turns set status = 'replying', finished_at = null");
    await run();
    expect(await held()).toMatchObject({ messages: 1, replies: 1 });
  });

  it("is kept with its row while object storage does not take its file away", async () => {
    await insertOf(shop, 11);
    const removeFile = async () => {
      throw new Error("S3 is away");
    };
    const failing = shop.as((database) => purge(database, { ...clients(), removeFile }, LIMITS));
    await expect(failing).rejects.toMatchObject({ name: "OrganizationsFailedError" });
    expect(await held()).toMatchObject({ messages: 1, media: 1, files: 1 });
  });
});

it("a number that no chatbot has is forgotten after 30 days", async () => {
  await insertWebhookEvent(db, { organization_id: null, chatbot_id: null, external_id: "old" });
  await db.query("update webhook_events set organization_id = null, chatbot_id = null");
  await run();
  expect(await db.query("select external_id from webhook_events")).toHaveLength(1);
  await db.query("update webhook_events set received_at = now() - interval '31 days'");
  await run();
  expect(await db.query("select external_id from webhook_events")).toEqual([]);
});

it("an erasure that was interrupted is finished", async () => {
  await insertOf(shop, 1);
  const [contact] = await db.query<{ id: string }>("select id from contacts");
  const removeFile = async () => {
    throw new Error("S3 is away");
  };
  const interrupted = shop.as((database) =>
    eraseContact(database, { ...clients(), removeFile }, contact?.id ?? "", OPERATOR),
  );
  await expect(interrupted).rejects.toThrow("S3 is away");
  await run();
  expect(await db.query("select finished_at is not null as done from erasures")).toEqual([
    { done: true },
  ]);
  expect([...files]).toEqual([]);
});

it("an erasure that cannot be finished is told, and keeps nothing from being deleted", async () => {
  await insertOf(shop, 11);
  const archive = new JobArchive();
  archive.isAdmins = false;
  const notAdmins = { ...clients(), jobs: archive.records };
  const erased = await insertContact(db, { chatbot_id: shop.chatbot.id });
  await insertTurn(db, { contact_id: erased.id, status: "completed", flow_job_id: randomUUID() });
  const erasing = shop.as((database) => eraseContact(database, notAdmins, erased.id, OPERATOR));
  await expect(erasing).rejects.toThrow("only an admin");
  expect(await db.query("select id from messages")).toHaveLength(1);
  const purging = shop.as((database) => purge(database, notAdmins, LIMITS));
  await expect(purging).rejects.toThrow(/Purging failed for 1 organizations.*only an admin/);
  expect(await db.query("select id from messages")).toEqual([]);
});

it("Meta's redeliveries of seven days are not forgotten earlier", async () => {
  const shorter = db.query("update organizations set keep_webhook_events_days = 7");
  await expect(shorter).rejects.toThrow("keep_webhook_events_days");
});
