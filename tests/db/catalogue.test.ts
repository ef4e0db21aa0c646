import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueProblems } from "../../db/catalogue.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { asRole } from "./as_role.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("the catalogue", () => {
  it("has nothing that the conventions forbid", async () => {
    expect(await catalogueProblems(database)).toEqual([]);
  });

  it.each([
    [
      "a tenant's table without row-level security",
      "create table bad (organization_id uuid)",
      [
        "table bad does not force row-level security",
        "table bad has no policy tenant_isolation for everybody and every command",
        "table bad has no comment",
      ],
    ],
    [
      "a table whose owner sees every tenant",
      "alter table contacts no force row level security",
      ["table contacts does not force row-level security"],
    ],
    [
      "a policy that widens another",
      "create policy helpful on contacts for select using (true)",
      ["policy helpful on contacts lets a tenant past tenant_isolation"],
    ],
    [
      "a table that a step may empty",
      "grant truncate on contacts to chatbot_app",
      ["chatbot_app may truncate contacts"],
    ],
    [
      "a table that the ingress may read",
      "grant select on contacts to chatbot_ingress",
      ["chatbot_ingress may read or write contacts"],
    ],
    [
      "a foreign key that does not name the tenant",
      "alter table contacts add constraint crossing foreign key (chatbot_id) references chatbots (id)",
      ["foreign key crossing on contacts does not name organization_id"],
    ],
    [
      "a view that shows what its owner may see",
      "create view everybody as select * from contacts",
      ["view everybody runs with its owner's rights"],
    ],
    [
      "a function with its owner's rights and nothing else",
      "create function bad() returns integer language sql security definer as 'select 1'",
      [
        'function bad(): security definer without "set search_path = pg_catalog, public, pg_temp"',
        "function bad(): security definer, and everybody may execute it",
        "function bad(): security definer, and not owned by chatbot_router",
      ],
    ],
    [
      "a function that each query would call and could have within it",
      "create function bad() returns integer language sql set search_path = pg_catalog return 1",
      [
        "function bad() has a setting, which its bound body does not need and which keeps it out of its query's plan",
      ],
    ],
    [
      "an updated_at that stays as it was",
      "alter table turns add column updated_at timestamptz",
      ["table turns has an updated_at that nothing updates"],
    ],
    [
      "a role that is more than it should be",
      "grant chatbot_router to chatbot_app",
      ["role chatbot_app is a member of another role"],
    ],
  ])("is found wrong with %s", async (_, sql, problems) => {
    // in one transaction, which nobody else sees and which is rolled back
    await database.query("begin");
    await database.query(sql);
    const found = await catalogueProblems(database);
    await database.query("rollback");
    expect(found).toEqual(problems);
    expect(await catalogueProblems(database)).toEqual([]); // control
  });
});

describe("a function that runs with its owner's rights", () => {
  it("reads the platform's table and not one of the caller's with the same name", async () => {
    const [health] = await asRole(database, "chatbot_ingress", null, async (connection) => {
      await connection.query(
        `create temporary table webhook_events as
           select now() as received_at, 'message' as kind, 'received' as status, 1 as chatbot_id`,
      );
      await connection.query("grant select on pg_temp.webhook_events to public");
      const [bait] = await connection.query("select count(*)::int as rows from webhook_events");
      expect(bait).toEqual({ rows: 1 }); // control: unqualified, the name means the caller's
      return connection.query<{ waiting: string }>("select waiting from inbox_health()");
    });
    expect(health).toEqual({ waiting: "0" });
  });

  it("is not chatbot_app's to call when it is the ingress's", async () => {
    const record = asRole(database, "chatbot_app", null, (connection) =>
      connection.query("select record_webhook_events('[]')"),
    );
    await expect(record).rejects.toMatchObject({ code: "42501" });
  });

  it("is the ingress's to call only for what it needs", async () => {
    const rows = await database.query<{ name: string }>(`
      select proname as name from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef
        and has_function_privilege('chatbot_ingress', oid, 'execute') order by 1`);
    expect(rows.map(({ name }) => name)).toEqual(["inbox_health", "record_webhook_events"]);
  });
});

describe("updated_at", () => {
  it("moves with every change, whoever makes it", async () => {
    await database.query(
      "insert into organizations (name, slug, updated_at) values ('A', 'a', '2020-01-01')",
    );
    const [row] = await database.query<{ moved: boolean }>(
      "update organizations set name = 'B' where slug = 'a' returning updated_at > created_at - interval '1 second' as moved",
    );
    expect(row).toEqual({ moved: true });
  });
});
