import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ContextPayload, LoadedContext } from "../../../f/chat/context.ts";
import { finishTurn } from "../../../f/chat/finish_turn.ts";
import { loadContext } from "../../../f/chat/load_context.ts";
import { sendReply } from "../../../f/chat/send_reply.ts";
import type { Database } from "../../../f/platform/postgres.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { eventually } from "../../helpers/eventually.ts";
import { createTestDatabase, openShop } from "./shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const TIMES = 8;
const together = <Result>(work: () => Promise<Result>) =>
  Promise.all(Array.from({ length: TIMES }, work));

it("sends once when copies of the job run at the same time", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  await together(() => shop.send(context));
  expect(shop.whatsApp.sent).toHaveLength(1);
});

it("sends no further part once another run has taken the turn over", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  await db.query("update turns set reply = repeat('Nine sharp. ', 500) where id = $1", [
    context.turn_id,
  ]);
  shop.whatsApp.onSend = async () => {
    await shop.abandon(context);
    // nobody takes it over while a part may be on its way
    expect(await shop.load(await shop.contactWrites("Hello?"))).toMatchObject({
      outcome: "queued",
    });
  };
  let second: ContextPayload | undefined;
  const first = await shop.as((database) => {
    const betweenParts = beforeEachTransaction(database, async () => {
      const [part] = await db.query(
        "select from messages where turn_id = $1 and delivery_status = 'accepted'",
        [context.turn_id],
      );
      if (!part || second) return;
      await shop.abandon(context);
      second = await shop.claim(await shop.contactWrites("Anybody there?"));
    });
    return sendReply(betweenParts, () => shop.whatsApp, context.turn_id, context.fence);
  });
  expect(first).toMatchObject({ outcome: "superseded" });
  expect(shop.whatsApp.sent).toHaveLength(1);
  if (second) expect(await shop.send(second)).toMatchObject({ outcome: "sent" });
  expect(shop.whatsApp.sent).toHaveLength(2); // control: each part once
});

it("does not give a message up that another copy put back while this one looked at it", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  await shop.save(context);
  const setStatus = (status: string) =>
    db.query("update messages set delivery_status = $2 where turn_id = $1 and part = 0", [
      context.turn_id,
      status,
    ]);
  await setStatus("sending");
  const copy = await shop.as((database) => {
    const paused = pausedAfter(database, /with contact as/, async () => {
      await setStatus("pending"); // throttled
    });
    return sendReply(paused, () => shop.whatsApp, context.turn_id, context.fence);
  });
  expect(copy).toMatchObject({ outcome: "not_sent_again" });
  expect(await shop.send(context)).toMatchObject({ outcome: "sent" });
});

it("finds the contact that another job makes of the same number at this moment", async () => {
  const shop = await openShop(db);
  const sender = { sender_bsuid: "DE.1", sender_phone: "4915100000001" };
  const byNumber = await shop.contactWrites("Hello", { ...sender, sender_bsuid: null });
  const byBoth = await shop.contactWrites("Hello?", sender);
  let second: Promise<LoadedContext> | undefined;
  const first = await shop.as((database) => {
    const paused = pausedAfter(database, /insert into contacts/, async () => {
      second = shop.load(byBoth);
      await Promise.race([second, eventually(somebodyWaitsForALock)]);
    });
    const run = { webhookEventId: byNumber, flowJobId: randomUUID() };
    return loadContext(paused, shop.loadClients, run);
  });
  expect(first).toMatchObject({ outcome: "reply" });
  expect(await second).toMatchObject({ outcome: "queued" });
});

it("opens one turn when the flow runs of a burst start at the same time", async () => {
  const shop = await openShop(db);
  const events = await Promise.all(
    Array.from({ length: TIMES }, (_, at) => shop.contactWrites(`piece ${at}`)),
  );
  const loaded = await Promise.all(events.map((event) => shop.load(event)));
  expect(loaded.filter(({ outcome }) => outcome === "reply")).toHaveLength(1);
  const turns = await db.query("select id from turns where chatbot_id = $1", [shop.chatbot.id]);
  expect(turns).toHaveLength(1);
});

/** The database, with `hook` run after the first statement that `pattern` matches, in its transaction. */
function beforeEachTransaction(database: Database, hook: () => Promise<void>): Database {
  return {
    query: database.query,
    exclusively: async (work) => {
      await hook();
      return database.exclusively(work);
    },
  };
}

function pausedAfter(database: Database, pattern: RegExp, hook: () => Promise<void>): Database {
  let isPending = true;
  return {
    query: database.query,
    exclusively: (work) =>
      database.exclusively((connection) =>
        work({
          query: async <Row>(sql: string, params?: readonly unknown[]) => {
            const rows = await connection.query<Row>(sql, params);
            if (isPending && pattern.test(sql)) {
              isPending = false;
              await hook();
            }
            return rows;
          },
        }),
      ),
  };
}

async function somebodyWaitsForALock(): Promise<void> {
  const waiting = await db.query(
    "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  expect(waiting).not.toEqual([]);
}

it("loses no message that arrives when a turn has just looked for the last time", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  await shop.send(context);
  let loading: Promise<LoadedContext> | undefined;
  await shop.as((database) => {
    const paused = pausedAfter(database, /from webhook_events/, async () => {
      loading = shop.load(await shop.contactWrites("And on Sunday?"));
      await Promise.race([loading, eventually(somebodyWaitsForALock)]);
    });
    return finishTurn(paused, shop.startFlow, context.turn_id, context.fence);
  });
  expect(shop.startedFlows).toEqual([]);
  expect(await loading).toMatchObject({
    outcome: "reply",
    messages: [{ body: "And on Sunday?" }],
  });
});

it("lets in no more turns than the quota, however many ask at once", async () => {
  const limit = 3;
  const shop = await openShop(db, { organization: { message_limit: limit } });
  const events = await Promise.all(
    Array.from({ length: TIMES }, (_, at) =>
      shop.contactWrites("Hello", { sender_bsuid: `DE.${at}`, sender_phone: `49151${at}` }),
    ),
  );
  await Promise.all(events.map((event) => shop.load(event, randomUUID())));
  const turns = await db.query<{ reply_kind: string | null }>(
    "select reply_kind from turns where chatbot_id = $1",
    [shop.chatbot.id],
  );
  expect(turns.filter(({ reply_kind }) => reply_kind === null)).toHaveLength(limit);
  expect(turns.filter(({ reply_kind }) => reply_kind === "limit")).toHaveLength(TIMES - limit);
});

it("settles a turn once when copies of the job run at the same time", async () => {
  const shop = await openShop(db);
  const context = await shop.claim(await shop.contactWrites("When do you open?"));
  await shop.generate(context);
  const logged = await together(() => shop.log(context));
  expect(logged.filter(({ outcome }) => outcome === "logged")).toHaveLength(1);
  const summaries = await db.query("select * from usage_summary where organization_id = $1", [
    shop.organization.id,
  ]);
  expect(summaries).toMatchObject([{ messages_reserved: 0, messages_used: 1 }]);
});
