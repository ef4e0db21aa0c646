import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ResyncClients, resyncDocuments } from "../../../f/operations/resync_documents.ts";
import { insertChatbot, insertKnowledgeSource } from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow, SystemAlertRow } from "../../helpers/rows.ts";
import { type KnowledgeWorld, startKnowledgeWorld } from "../knowledge/knowledge_world.ts";
import { html, startTestSite, type TestSite } from "../knowledge/test_site.ts";

let world: KnowledgeWorld;
let site: TestSite;
let chatbot: ChatbotRow;
let started: string[];
beforeAll(async () => {
  world = await startKnowledgeWorld();
  site = await startTestSite();
  world.allowedPrivateOrigins.push(site.host);
});
afterAll(async () => {
  site.close();
  await world.close();
});
beforeEach(async () => {
  site.pages.clear();
  await world.db.query("delete from knowledge_sources");
  chatbot = await insertChatbot(world.db);
  started = [];
});

/** A page that is searchable. */
async function pageAt(path: string): Promise<string> {
  const { knowledge_source_id } = await world.upload({
    chatbot_id: chatbot.id,
    source_type: "url",
    name: "Page",
    url: site.origin + path,
  });
  expect(await world.process(knowledge_source_id)).toMatchObject({ outcome: "ready" });
  return knowledge_source_id;
}

/** As if the last look had been two days ago. */
async function aDayLater(): Promise<void> {
  await world.db.query(
    `update knowledge_sources
     set checked_at = checked_at - interval '2 days', processed_at = processed_at - interval '2 days'`,
  );
}

const resync = (clients: Partial<ResyncClients> = {}) =>
  world.as((database) =>
    resyncDocuments(database, {
      files: {
        readHttpPolicy: async () => ({
          allowedPrivateOrigins: world.allowedPrivateOrigins,
          ownNetworks: [],
        }),
        pageTimeoutMs: 60_000,
      },
      startProcessing: async (id) => `${started.push(id)}`,
      postToSlack: undefined,
      showProgress: async () => undefined,
      now: Date.now,
      ...clients,
    }),
  );
const sourceOf = async (id: string) =>
  (
    await world.db.query<KnowledgeSourceRow>("select * from knowledge_sources where id = $1", [id])
  )[0];

describe("a page that has changed", () => {
  it("is processed again, and what it said before is found until then", async () => {
    site.pages.set("/hours", html("Hours", "The workshop opens at nine in the morning."));
    const id = await pageAt("/hours");
    site.pages.set("/hours", html("Hours", "The workshop opens at eleven in the morning."));
    expect(await resync()).toMatchObject({ changed: 0, unchanged: 0 }); // nobody asks twice a day
    await aDayLater();
    await world.db.query("update knowledge_sources set recoveries = 2");
    expect(await resync()).toMatchObject({ changed: 1 });
    expect(started).toEqual([id]);
    // another page, and three more tries
    expect(await sourceOf(id)).toMatchObject({ status: "pending", progress: 0, recoveries: 0 });
    expect((await world.find(chatbot, "When does it open?"))[0]).toContain("nine");
    await world.process(id);
    const [found, ...more] = await world.find(chatbot, "When does it open?");
    expect(found).toContain("eleven");
    expect(more).toEqual([]);
    await aDayLater();
    expect(await resync()).toMatchObject({ changed: 0, unchanged: 1 });
  });

  it("keeps what was there when it can no longer be made knowledge, and is tried again", async () => {
    site.pages.set("/hours", html("Hours", "The workshop opens at nine in the morning."));
    const id = await pageAt("/hours");
    site.pages.set("/hours", { type: "application/zip", body: Buffer.from([0, 1, 2, 3]) });
    await aDayLater();
    await resync();
    expect(await world.process(id)).toMatchObject({ outcome: "failed" });
    expect(await world.find(chatbot, "When does it open?")).toHaveLength(1);
    // what it was made from is there again
    site.pages.set("/hours", html("Hours", "The workshop opens at nine in the morning."));
    await aDayLater();
    expect(await resync()).toMatchObject({ unchanged: 1 });
    expect(await sourceOf(id)).toMatchObject({ status: "ready", error_message: null });
  });
});

describe("a page that has not changed", () => {
  it("is not sent again by a server that knows its state", async () => {
    const page = html("Hours", "The workshop opens at nine.");
    const lastModified = "Fri, 20 Nov 2026 09:00:00 GMT";
    const headers = { etag: '"1"', "last-modified": lastModified };
    site.pages.set("/hours", { ...page, headers });
    await pageAt("/hours");
    // each day, and not only on the first
    for (const _day of [1, 2]) {
      await aDayLater();
      expect(await resync()).toMatchObject({ unchanged: 1 });
      expect(site.requests.at(-1)?.headers).toMatchObject({
        "if-none-match": '"1"',
        "if-modified-since": lastModified,
      });
    }
    expect(started).toEqual([]);
  });
});

describe("a page that cannot be read", () => {
  it("stays as it was, with a sentence", async () => {
    site.pages.set("/hours", html("Hours", "The workshop opens at nine."));
    const id = await pageAt("/hours");
    site.pages.set("/hours", { status: 503 });
    await aDayLater();
    expect(await resync()).toMatchObject({ unreadable: 1 });
    expect(await sourceOf(id)).toMatchObject({
      status: "ready",
      check_problem: expect.stringContaining("503"),
    });
    expect(await world.find(chatbot, "When does it open?")).toHaveLength(1);
  });

  it("is gone, with one alert, when there was none three times in a row", async () => {
    site.pages.set("/hours", html("Hours", "The workshop opens at nine."));
    const id = await pageAt("/hours");
    const look = async () => {
      await aDayLater();
      return resync();
    };
    const alerts = () =>
      world.db.query<SystemAlertRow>("select * from system_alerts where alert_key = $1", [
        `page_gone:${id}`,
      ]);
    site.pages.set("/hours", { status: 404 });
    expect(await look()).toMatchObject({ missing: 1 });
    expect(await look()).toMatchObject({ missing: 1 });
    site.pages.set("/hours", { status: 503 });
    await look();
    site.pages.set("/hours", { status: 410 });
    expect(await look()).toMatchObject({ missing: 1 });
    expect(await look()).toMatchObject({ missing: 1 });
    expect(await sourceOf(id)).toMatchObject({ gone_at: null });
    expect(await alerts()).toEqual([]);
    expect(await look()).toMatchObject({ gone: 1 });
    expect(await look()).toMatchObject({ gone: 0, missing: 1 });
    expect(await sourceOf(id)).toMatchObject({ gone_at: expect.any(Date), status: "ready" });
    expect(await alerts()).toMatchObject([{ organization_id: chatbot.organization_id }]);
    expect(await world.find(chatbot, "When does it open?")).toHaveLength(1);

    site.pages.set("/hours", html("Hours", "The workshop opens at nine."));
    expect(await look()).toMatchObject({ unchanged: 1 });
    expect(await sourceOf(id)).toMatchObject({
      gone_at: null,
      check_problem: null,
      missing_checks: 0,
    });
  });
});

describe("a run", () => {
  const insertPages = async (organizationsChatbot: ChatbotRow, count: number) => {
    for (let n = 0; n < count; n++) {
      await insertKnowledgeSource(world.db, {
        chatbot_id: organizationsChatbot.id,
        source_type: "url",
        url: `${site.origin}/${n}`,
      });
    }
  };

  it("lets organizations take turns", async () => {
    await insertPages(chatbot, 4);
    const other = await insertChatbot(world.db);
    await insertPages(other, 1);
    const due = await world.as((database) =>
      database.query<{ organization_id: string }>("select * from pages_to_resync(2)"),
    );
    expect(due.map(({ organization_id }) => organization_id).sort()).toEqual(
      [chatbot.organization_id, other.organization_id].sort(),
    );
  });

  it("ends when its time is over, and leaves the rest to the next one", async () => {
    await insertPages(chatbot, 2);
    const times = [0, 0, 11 * 60_000];
    const looked = await resync({ now: () => times.shift() ?? Number.POSITIVE_INFINITY });
    expect(looked).toMatchObject({ missing: 1, untouched: 0 });
    expect(await resync()).toMatchObject({ missing: 1 });
  });

  it("shows its progress to Windmill", async () => {
    await insertPages(chatbot, 3);
    const shown: number[] = [];
    await resync({ showProgress: async (percent) => void shown.push(percent) });
    expect(shown).toEqual([33, 66, 100]);
  });

  it.each([
    ["the same", "The workshop opens at nine."],
    ["another", "The workshop opens at eleven."],
  ])("leaves a source to the job that has begun meanwhile, be its page %s", async (_, text) => {
    site.pages.set("/hours", html("Hours", "The workshop opens at nine."));
    const id = await pageAt("/hours");
    site.pages.set("/hours", html("Hours", text));
    await aDayLater();
    const readHttpPolicy = async () => {
      await world.db.query(
        "update knowledge_sources set status = 'processing', stage = 'reading' where id = $1",
        [id],
      );
      return { allowedPrivateOrigins: world.allowedPrivateOrigins, ownNetworks: [] };
    };
    const files = { readHttpPolicy, pageTimeoutMs: 60_000 };
    expect(await resync({ files })).toMatchObject({ untouched: 1 });
    expect(started).toEqual([]);
    expect(await sourceOf(id)).toMatchObject({ status: "processing", stage: "reading" });
  });

  it("leaves a source alone that is being processed, or is no page", async () => {
    await insertKnowledgeSource(world.db, {
      chatbot_id: chatbot.id,
      source_type: "url",
      url: `${site.origin}/a`,
      status: "processing",
    });
    await insertKnowledgeSource(world.db, { chatbot_id: chatbot.id });
    const looked = await resync();
    expect(Object.values(looked).reduce((sum, count) => sum + count)).toBe(0);
  });
});
