import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { asRole } from "./as_role.ts";
import { insertShop, type Shop } from "./shop.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

/** Every tenant's table, and what chatbot_app may do there besides reading. */
const TABLES = {
  organizations: [],
  users: ["insert", "update", "delete"],
  chatbots: ["insert", "update", "delete"],
  org_integrations: ["insert", "update", "delete"],
  chatbot_integrations: ["insert", "update", "delete"],
  integration_tools: ["insert", "update", "delete"],
  integration_sessions: ["insert", "update", "delete"],
  contacts: ["insert", "update", "delete"],
  blocked_senders: ["insert", "delete"],
  turns: ["insert", "update", "delete"],
  messages: ["insert", "update", "delete"],
  message_media: ["insert", "update", "delete"],
  webhook_events: ["update", "delete"],
  knowledge_sources: ["insert", "update", "delete"],
  document_chunks: ["insert", "delete"],
  chunk_lexemes: ["insert", "delete"],
  knowledge_usage: ["insert", "update"],
  embedding_usage_logs: ["insert"],
  unused_files: ["insert", "delete"],
  tool_definitions: ["insert", "update", "delete"],
  tool_executions: ["insert", "update", "delete"],
  usage_logs: ["insert"],
  usage_summary: ["insert", "update"],
  system_alerts: ["insert", "update", "delete"],
  audit_log: ["insert"],
  erasures: ["insert", "update"],
} as const;

const tables = Object.keys(TABLES) as (keyof typeof TABLES)[];
const tablesWith = (command: "insert" | "update" | "delete") =>
  tables.filter((table) => (TABLES[table] as readonly string[]).includes(command));
const tenantColumn = (table: string) => (table === "organizations" ? "id" : "organization_id");

let database: TestDatabase;
let mine: Shop;
let theirs: Shop;
beforeAll(async () => {
  database = await createTestDatabase();
  mine = await insertShop(database);
  theirs = await insertShop(database);
});
afterAll(() => database.close());

/** As chatbot_app; `organizationId` null: before a tenant is set. */
const asTenant = <Result>(
  organizationId: string | null,
  work: Parameters<typeof asRole<Result>>[3],
) => asRole(database, "chatbot_app", organizationId, work);

it("the list above names every table that belongs to a tenant", async () => {
  const rows = await database.query<{ name: string }>(`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity`);
  expect(rows.map(({ name }) => name).sort()).toEqual([...tables].sort());
});

describe.each(tables)("%s", (table) => {
  const column = tenantColumn(table);

  it("shows an organization its own rows and no others", async () => {
    const [{ total } = { total: 0 }] = await database.query<{ total: number }>(
      `select count(*) as total from ${table}`,
    );
    expect(total).toBe(2); // control: one row each
    for (const shop of [mine, theirs]) {
      const rows = await asTenant(shop.organization.id, (connection) =>
        connection.query(`select ${column} as tenant from ${table}`),
      );
      expect(rows).toEqual([{ tenant: shop.organization.id }]);
    }
  });

  it("shows nothing before an organization is set", async () => {
    const read = `select ${column} from ${table}`;
    expect(await asTenant(null, (connection) => connection.query(read))).toEqual([]);
  });
});

describe.each(tablesWith("update"))("updating %s", (table) => {
  it("reaches the organization's own rows and no others", async () => {
    const updated = await asTenant(mine.organization.id, (connection) =>
      connection.count(`update ${table} set organization_id = organization_id`),
    );
    expect(updated).toBe(1);
  });

  it("cannot give a row to another organization", async () => {
    const give = asTenant(mine.organization.id, (connection) =>
      connection.count(`update ${table} set organization_id = $1`, [theirs.organization.id]),
    );
    await expect(give).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });
});

describe.each(tablesWith("delete"))("deleting from %s", (table) => {
  it("reaches the organization's own rows and no others", async () => {
    const deleted = await asTenant(mine.organization.id, (connection) =>
      connection.count(`delete from ${table}`),
    );
    expect(deleted).toBe(1);
  });
});

describe.each(tablesWith("insert"))("inserting into %s", (table) => {
  // a copy of the row that is there: it meets every rule but the one in question
  const copy = async (owner: Shop, asked: Shop) => {
    const [row] = await database.query<object>(
      `select to_jsonb(t) - array(
         select attname::text from pg_attribute
         where attrelid = $1::regclass and (attidentity <> '' or attgenerated <> '')) as row
       from ${table} t where organization_id = $2`,
      [table, owner.organization.id],
    );
    const values = (row as { row: Record<string, unknown> }).row;
    const columns = Object.keys(values).join(", ");
    return asTenant(asked.organization.id, async (connection) => {
      if (tablesWith("delete").includes(table)) await connection.count(`delete from ${table}`);
      return connection.count(
        `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
        [JSON.stringify(values)],
      );
    });
  };

  it("is refused for another organization", async () => {
    await expect(copy(theirs, mine)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it("gets past row-level security for the organization's own", async () => {
    // control: what still stands in the way is that the same row is there
    const own = copy(mine, mine).catch((error: { code: string }) => error.code);
    expect([1, "23505", "23503"]).toContain(await own);
  });
});

describe("what a role was not given", () => {
  it.each(tables)("chatbot_app cannot truncate %s", async (table) => {
    const truncate = asTenant(mine.organization.id, (connection) =>
      connection.count(`truncate ${table} cascade`),
    );
    await expect(truncate).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it.each(tables)("chatbot_ingress cannot read %s", async (table) => {
    const read = asRole(database, "chatbot_ingress", null, (connection) =>
      connection.query(`select * from ${table}`),
    );
    await expect(read).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });
});

describe("what maps an id to its organization", () => {
  it.each([
    ["chatbot_organization", () => theirs.chatbot.id],
    ["turn_organization", () => theirs.turn.id],
    ["knowledge_source_organization", () => theirs.source.id],
    ["integration_organization", () => theirs.integration.id],
  ])("%s answers the organization, and null for an unknown id", async (name, id) => {
    const answers = await asTenant(null, (connection) =>
      connection.query(`select ${name}($1::uuid) as known, ${name}(gen_random_uuid()) as unknown`, [
        id(),
      ]),
    );
    expect(answers).toEqual([{ known: theirs.organization.id, unknown: null }]);
  });
});
