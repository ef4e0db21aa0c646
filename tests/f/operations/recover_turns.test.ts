import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContextPayload } from "../../../f/chat/context.ts";
import { RecoveryIncompleteError } from "../../../f/operations/recover_turns.ts";
import { JobNotStartedError } from "../../../f/platform/windmill.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertKnowledgeSource } from "../../helpers/records.ts";
import type { KnowledgeSourceRow } from "../../helpers/rows.ts";
import { openDesk, type RecoveryDesk } from "./recovery_desk.ts";

let db: TestDatabase;
let desk: RecoveryDesk;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  desk = await openDesk(db);
});
afterAll(() => db.close());

/** Longer than any pause between two tries. */
const LONG = "65 minutes";

/** Runs it until it finds nothing, and answers how often it did something. */
async function runsUntilQuiet(): Promise<number> {
  for (let runs = 0; ; runs++) {
    const recovered = await desk.run();
    if (Object.values(recovered).every((count) => count === 0)) return runs;
    if (runs > 20) throw new Error("it never ends");
    await desk.passes(LONG);
  }
}

describe("a message that no flow took", () => {
  it("gets a flow once its debounce is past, and not before", async () => {
    const event = await desk.shop.contactWrites("When do you open?");
    await desk.passes("50 s");
    expect(await desk.run()).toMatchObject({ events_restarted: 0 });
    await desk.passes("30 s");
    expect(await desk.run()).toMatchObject({ events_restarted: 1 });
    expect(desk.shop.startedFlows).toEqual([event]);
    expect((await desk.shop.claim(event)).outcome).toBe("reply");
  });

  it("gets one flow for all that its contact wrote, and other contacts get their own", async () => {
    const first = await desk.shop.contactWrites("Hello");
    await desk.shop.contactWrites("When do you open?");
    const other = await desk.shop.contactWrites("Hi", {
      sender_bsuid: "DE.2",
      sender_phone: "492",
    });
    await desk.passes("2 minutes");
    await desk.run();
    expect(desk.shop.startedFlows.sort()).toEqual([first, other].sort());
  });

  it("waits for a live turn of its contact, and does not for another's", async () => {
    await desk.shop.claim(await desk.shop.contactWrites("When do you open?"));
    await desk.shop.contactWrites("Hello?");
    const other = await desk.shop.contactWrites("Hi", {
      sender_bsuid: "DE.2",
      sender_phone: "492",
    });
    await desk.passes("90 s");
    await desk.run();
    expect(desk.shop.startedFlows).toEqual([other]);
  });

  it("is tried again after pauses that double", async () => {
    await desk.shop.contactWrites("When do you open?");
    await desk.passes("2 minutes");
    await desk.run();
    await desk.passes("110 s");
    expect(await desk.run()).toMatchObject({ events_restarted: 0 });
    await desk.passes("20 s");
    expect(await desk.run()).toMatchObject({ events_restarted: 1 });
  });

  it("has failed after its last try, with one alert, and what came after it is answered", async () => {
    const poison = await desk.shop.contactWrites("Hello");
    await desk.passes("2 minutes");
    expect(await runsUntilQuiet()).toBe(6);
    expect(desk.shop.startedFlows).toEqual(Array(5).fill(poison));
    expect(await desk.shop.eventStatus(poison)).toBe("failed");
    expect(await desk.alerts()).toMatchObject([{ kind: "event_not_taken" }]);
    expect(desk.posts).toHaveLength(1);
    const next = await desk.shop.contactWrites("Anybody there?");
    await desk.passes("2 minutes");
    expect(await desk.run()).toMatchObject({ events_restarted: 1 });
    expect(desk.shop.startedFlows.at(-1)).toBe(next);
  });

  it("is still answered when its flow is started by hand after that", async () => {
    const event = await desk.shop.contactWrites("Hello");
    await db.query("update webhook_events set status = 'failed' where id = $1", [event]);
    const context = await desk.shop.answer(event);
    expect(context.messages).toMatchObject([{ body: "Hello" }]);
    expect(await desk.shop.eventStatus(event)).toBe("completed");
  });

  it("does not keep others from their flow when Windmill refuses its own", async () => {
    const refused = await desk.shop.contactWrites("Hello");
    const other = await desk.shop.contactWrites("Hi", {
      sender_bsuid: "DE.2",
      sender_phone: "492",
    });
    await desk.passes("2 minutes");
    const { startFlow } = desk.clients;
    desk.clients = {
      ...desk.clients,
      startFlow: (path, args) => {
        if (args.webhook_event_id === refused) throw new JobNotStartedError(path, "no");
        return startFlow(path, args);
      },
    };
    await expect(desk.run()).rejects.toThrow(RecoveryIncompleteError);
    expect(desk.shop.startedFlows).toEqual([other]);
  });
});

describe("a turn whose flow died", () => {
  const claimed = async (): Promise<[number, ContextPayload]> => {
    const event = await desk.shop.contactWrites("When do you open?");
    return [event, await desk.shop.claim(event)];
  };

  it("goes on in a new flow once its lease ran out, and not before", async () => {
    const [event] = await claimed();
    await desk.passes("1 minute");
    expect(await desk.run()).toMatchObject({ turns_restarted: 0 });
    await desk.passes("2 minutes");
    expect(await desk.run()).toMatchObject({ turns_restarted: 1 });
    expect(desk.shop.startedFlows).toEqual([event]);
    await desk.shop.answer(event);
    expect(desk.shop.sentTexts()).toEqual(["We open at *nine*."]);
    expect(await runsUntilQuiet()).toBe(0);
  });

  it("ends after its last try with one alert, and the contact is told once", async () => {
    const [event, context] = await claimed();
    await desk.passes("3 minutes");
    expect(await runsUntilQuiet()).toBe(6);
    expect(desk.shop.startedFlows).toEqual(Array(5).fill(event));
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed", reply_kind: "error" });
    expect(await desk.shop.eventStatus(event)).toBe("failed");
    expect(desk.shop.sentTexts()).toEqual([desk.shop.chatbot.error_message]);
    expect(await desk.alerts()).toMatchObject([
      { kind: "turn_abandoned", turn_id: context.turn_id },
    ]);
  });

  it("ends without an error message when it has a reply", async () => {
    const [, context] = await claimed();
    await desk.shop.generate(context);
    await desk.passes("3 minutes");
    await runsUntilQuiet();
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed", reply_kind: "answer" });
    expect(desk.shop.sentTexts()).toEqual([]);
  });

  it("does not keep what the contact wrote meanwhile", async () => {
    await claimed();
    const later = await desk.shop.contactWrites("Hello?");
    await desk.passes("3 minutes");
    await db.query("update turns set recoveries = 5, recovered_at = null");
    await desk.run();
    expect(desk.shop.startedFlows).toContain(later);
    expect((await desk.shop.claim(later)).messages).toMatchObject([{ body: "Hello?" }]);
  });

  it("ends at once when its events are gone", async () => {
    const [, context] = await claimed();
    await db.query("delete from webhook_events");
    await desk.passes("3 minutes");
    expect(await desk.run()).toMatchObject({ turns_failed: 1 });
    expect(await desk.shop.turn(context)).toMatchObject({ status: "failed" });
  });
});

describe("a knowledge source that nobody processes", () => {
  const source = (overrides: Partial<KnowledgeSourceRow>) =>
    insertKnowledgeSource(db, { chatbot_id: desk.shop.chatbot.id, live_version: 1, ...overrides });

  it.each(["pending", "processing"] as const)(
    "is processed again when it is %s",
    async (status) => {
      const { id } = await source({ status });
      await source({ status: "ready" });
      await desk.passes("14 minutes");
      expect(await desk.run()).toMatchObject({ sources_restarted: 0 });
      await desk.passes("2 minutes");
      expect(await desk.run()).toMatchObject({ sources_restarted: 1 });
      expect(await desk.run()).toMatchObject({ sources_restarted: 0 });
      expect(desk.processed).toEqual([id]);
    },
  );

  it("has failed after its last try, keeps what was live, and may be uploaded again", async () => {
    const { id } = await source({ status: "processing" });
    await desk.passes("16 minutes");
    expect(await runsUntilQuiet()).toBe(3);
    expect(desk.processed).toEqual([id, id]);
    expect(await db.query("select * from knowledge_sources")).toMatchObject([
      { status: "failed", live_version: 1, recoveries: 0 },
    ]);
    expect(await desk.alerts()).toMatchObject([{ kind: "source_stalled" }]);
  });
});
