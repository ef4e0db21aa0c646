import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Database,
  maybeOne,
  one,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
  withTenantOf,
} from "../../../f/platform/postgres.ts";
import { DatabaseUnavailableError, RowCountError } from "../../../f/platform/postgres_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  insertChatbot,
  insertContact,
  insertTurn,
  insertWebhookEvent,
} from "../../helpers/records.ts";
import type { ChatbotRow } from "../../helpers/rows.ts";

let db: TestDatabase;
let mine: ChatbotRow;
let theirs: ChatbotRow;
beforeAll(async () => {
  db = await createTestDatabase();
  mine = await insertChatbot(db);
  theirs = await insertChatbot(db);
});
afterAll(() => db.close());

const as = <Result>(work: (database: Database) => Promise<Result>) =>
  withDb(db.resource("chatbot_app"), work);

const chatbotIds = async (database: Database, organizationId: string) => {
  const rows = await withTenant(database, organizationId, (tenant) =>
    tenant.query<{ id: string }>("select id from chatbots"),
  );
  return rows.map(({ id }) => id);
};

describe("withTenant", () => {
  it("sees one organization's rows, and another's in the next transaction", () =>
    as(async (database) => {
      expect(await chatbotIds(database, mine.organization_id)).toEqual([mine.id]);
      expect(await chatbotIds(database, theirs.organization_id)).toEqual([theirs.id]);
    }));

  it("leaves the connection without a tenant", () =>
    as(async (database) => {
      await chatbotIds(database, mine.organization_id);
      expect(await database.query("select id from chatbots")).toEqual([]);
    }));

  it("cannot write into another organization", () =>
    as(async (database) => {
      const rename = (organizationId: string) =>
        withTenant(database, organizationId, (tenant) =>
          tenant.query("update chatbots set name = 'Renamed' where id = $1 returning id", [
            mine.id,
          ]),
        );
      expect(await rename(theirs.organization_id)).toEqual([]);
      expect(await rename(mine.organization_id)).toHaveLength(1); // control
    }));

  it("undoes everything when the work fails, and goes on", () =>
    as(async (database) => {
      const failing = withTenant(database, mine.organization_id, async (tenant) => {
        await tenant.query("update chatbots set name = 'Half done'");
        throw new Error("changed my mind");
      });
      await expect(failing).rejects.toThrow("changed my mind");
      const { name } = await withTenant(database, mine.organization_id, (tenant) =>
        one<{ name: string }>(tenant, "select name from chatbots"),
      );
      expect(name).not.toBe("Half done");
    }));

  it("keeps transactions apart that are started at the same time on one connection", () =>
    as(async (database) => {
      const organizations = [mine, theirs, mine, theirs].map((row) => row.organization_id);
      const seen = await Promise.all(organizations.map((id) => chatbotIds(database, id)));
      expect(seen).toEqual([[mine.id], [theirs.id], [mine.id], [theirs.id]]);
    }));

  it("lets the next one begin after one that failed", () =>
    as(async (database) => {
      const failing = withTenant(database, mine.organization_id, (tenant) =>
        tenant.query("select 1 / 0"),
      );
      const next = chatbotIds(database, mine.organization_id);
      await expect(failing).rejects.toThrow("division by zero");
      expect(await next).toEqual([mine.id]);
    }));
});

describe("withTenantOf", () => {
  const chatbotsSeen = async (tenant: Tenant) => {
    const rows = await tenant.query<{ id: string }>("select id from chatbots");
    return { tenant: tenant.organizationId, ids: rows.map(({ id }) => id) };
  };

  async function theirTurn(): Promise<string> {
    const contact = await insertContact(db, { chatbot_id: theirs.id });
    return (await insertTurn(db, { contact_id: contact.id })).id;
  }

  it("sees the rows of the organization that a turn or an event belongs to", async () => {
    const turnId = await theirTurn();
    const { id: webhookEventId } = await insertWebhookEvent(db, { chatbot_id: mine.id });
    await as(async (database) => {
      for (const [owned, { id, organization_id }] of [
        [{ turnId }, theirs],
        [{ webhookEventId }, mine],
      ] as const) {
        expect(await withTenantOf(database, owned, chatbotsSeen)).toEqual({
          organizationId: organization_id,
          result: { tenant: organization_id, ids: [id] },
        });
      }
    });
  });

  it.each([
    ["a turn that is not there", () => ({ turnId: randomUUID() })],
    ["an event that is not there", () => ({ webhookEventId: 0 })],
  ])("does nothing for %s, and goes on", async (_, owned) => {
    await as(async (database) => {
      let hasRun = false;
      const work = async () => {
        hasRun = true;
      };
      expect(await withTenantOf(database, owned(), work)).toBeUndefined();
      expect(hasRun).toBe(false);
      expect(await chatbotIds(database, mine.organization_id)).toEqual([mine.id]);
    });
  });

  it("takes an id for an id, whatever stands in it", () =>
    as(async (database) => {
      const turnId = `'); select set_config('app.organization_id', '${mine.organization_id}', false); --`;
      await expect(withTenantOf(database, { turnId }, chatbotsSeen)).rejects.toThrow(
        "invalid input",
      );
      expect(await database.query("select id from chatbots")).toEqual([]);
      expect(await chatbotIds(database, mine.organization_id)).toEqual([mine.id]);
    }));

  it("leaves the connection without a tenant", async () => {
    const turnId = await theirTurn();
    await as(async (database) => {
      const seen = await withTenantOf(database, { turnId }, chatbotsSeen);
      expect(seen?.result.ids).toEqual([theirs.id]); // control
      expect(await database.query("select id from chatbots")).toEqual([]);
    });
  });
});

describe("values", () => {
  it("come as safe numbers, days and exact decimals", () =>
    as(async (database) => {
      const sql = "select 42::bigint as id, '2026-11-01'::date as day, 1.50::numeric as price";
      expect(await one(database, sql)).toEqual({ id: 42, day: "2026-11-01", price: "1.50" });
    }));

  it("are refused when a number cannot hold them", () =>
    as(async (database) => {
      await expect(database.query("select 9007199254740993::bigint")).rejects.toThrow(RangeError);
      expect(await one(database, "select 9007199254740991::bigint as n")).toEqual({
        n: Number.MAX_SAFE_INTEGER,
      });
    }));
});

describe("the number of rows", () => {
  it("is what the caller relies on, or an error", () =>
    as(async (database) => {
      const rows = (count: number) => `select generate_series(1, ${count}) as n`;
      expect(await one(database, rows(1))).toEqual({ n: 1 });
      expect(await maybeOne(database, rows(0))).toBeUndefined();
      await expect(one(database, rows(0))).rejects.toThrow(RowCountError);
      await expect(one(database, rows(2))).rejects.toMatchObject({ found: 2 });
      await expect(maybeOne(database, rows(2))).rejects.toThrow("at most one row and found 2");
    }));
});

it("says where it looked for a database that does not answer", async () => {
  const nowhere: Postgresql = { ...db.resource("chatbot_app"), port: 1 };
  const opening = withDb(nowhere, async () => "never");
  await expect(opening).rejects.toThrow(DatabaseUnavailableError);
  await expect(opening).rejects.toThrow(`${nowhere.host}:1/${nowhere.dbname}`);
});
