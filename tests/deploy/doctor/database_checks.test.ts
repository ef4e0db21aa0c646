import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Queryable } from "../../../db/connection.ts";
import type { Check } from "../../../deploy/doctor/check.ts";
import { database } from "../../../deploy/doctor/checks/database.ts";
import { roles } from "../../../deploy/doctor/checks/roles.ts";
import { schema } from "../../../deploy/doctor/checks/schema.ts";
import { makeClients } from "../../../deploy/doctor/clients.ts";
import type { Finding } from "../../../deploy/doctor/finding.ts";
import { runChecks } from "../../../deploy/doctor/run_checks.ts";
import { inEachTenant } from "../../../deploy/doctor/tenants.ts";
import { readSettings } from "../../../deploy/settings.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertOrgIntegration } from "../../helpers/integration_records.ts";
import { insertChatbot, insertOrganization } from "../../helpers/records.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** In a transaction that is taken back: roles belong to the whole server, which other tests use, too. */
async function after<Result>(
  changes: readonly string[],
  work: (changed: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(db.url);
  await client.connect();
  try {
    await client.query("begin");
    for (const change of changes) await client.query(change);
    return await work({
      query: async <Row>(sql: string, params: readonly unknown[] = []) =>
        (await client.query<Row & object>(sql, [...params])).rows,
    });
  } finally {
    await client.query("rollback");
    await client.end();
  }
}

function findingsAfter(check: Check, ...changes: string[]): Promise<Finding[]> {
  const settings = readSettings({ DATABASE_URL: db.url });
  return after(changes, (changed) =>
    runChecks(
      [check],
      { ...makeClients(settings), withDatabase: (work) => work(changed) },
      settings,
    ),
  );
}

const problemsAfter = async (check: Check, ...changes: string[]) =>
  (await findingsAfter(check, ...changes)).filter(({ state }) => state !== "ok");

describe("database", () => {
  it("is well with every migration", async () => {
    const settings = readSettings({ DATABASE_URL: db.url });
    const [finding] = await runChecks([database], makeClients(settings), settings);
    expect(finding).toMatchObject({ state: "ok" });
    expect(finding?.what).toContain("pgvector");
  });

  it("names the migration that has not run", async () => {
    const forget = "delete from pgmigrations where name = '0012_usage'";
    expect(await problemsAfter(database, forget)).toMatchObject([
      { state: "failed", what: "migration 0012_usage has not run" },
    ]);
  });

  it("says where nobody answers, without the password", async () => {
    const settings = readSettings({
      DATABASE_URL: "postgresql://owner:hunter2@127.0.0.1:1/chatbots",
    });
    const [finding] = await runChecks([database], makeClients(settings), settings);
    expect(finding).toMatchObject({
      state: "failed",
      what: expect.stringContaining("ECONNREFUSED"),
    });
    expect(JSON.stringify(finding)).not.toContain("hunter2");
  });
});

describe("schema", () => {
  it("is that of the dump, and says which line is not", async () => {
    expect(await problemsAfter(schema)).toEqual([]);
    const change = "alter table chatbots add column colour text";
    expect(await problemsAfter(schema, change)).toMatchObject([
      { state: "failed", what: expect.stringContaining("colour") },
    ]);
  });
});

describe("roles and tenants", () => {
  it("are well as the migrations make them", async () => {
    expect(await problemsAfter(roles)).toEqual([]);
  });

  it.each([
    ["alter role chatbot_app superuser", "role chatbot_app is a superuser"],
    ["alter role chatbot_app bypassrls", "role chatbot_app bypasses row-level security"],
    [
      "alter table contacts no force row level security",
      "table contacts does not force row-level security",
    ],
    [
      "drop policy tenant_isolation on contacts",
      "table contacts has no policy tenant_isolation for everybody and every command",
    ],
    ["alter table contacts owner to chatbot_app", "role chatbot_app owns table contacts"],
    ["grant select on contacts to chatbot_ingress", "chatbot_ingress may read or write contacts"],
    [
      "grant execute on function all_organizations() to chatbot_ingress",
      "role chatbot_ingress may execute all_organizations()",
    ],
    [
      "revoke execute on function inbox_health() from chatbot_ingress",
      "role chatbot_ingress may not execute inbox_health()",
    ],
  ])("fail after %s", async (change, what) => {
    expect(await problemsAfter(roles, change)).toContainEqual(
      expect.objectContaining({ state: "failed", what }),
    );
  });
});

/** Its transactions become parts of the one that is taken back. */
function nested(changed: Queryable): Queryable {
  const parts: Record<string, string> = {
    "begin read only": "savepoint tenant",
    commit: "release savepoint tenant",
  };
  return { query: (sql, params) => changed.query(parts[sql] ?? sql, params) };
}

it("reads each tenant's rows once, for a superuser and for an owner whom row-level security binds", async () => {
  for (const { id } of [await insertOrganization(db), await insertOrganization(db)]) {
    await insertChatbot(db, { organization_id: id });
    await insertOrgIntegration(db, { organization_id: id });
  }
  const read = (changed: Queryable) =>
    inEachTenant(nested(changed), (organizationId) =>
      changed.query<{ kind: string }>(
        `select kind from (
           select 'chatbot' as kind, organization_id from chatbots
           union all select 'integration', organization_id from org_integrations
         ) as tenants where $1::uuid is null or organization_id = $1 order by kind`,
        [organizationId],
      ),
    );
  expect((await after([], read)).flat()).toHaveLength(4);
  const asOwner = [
    "create role owner_of_the_doctors_test",
    "grant chatbot_router to owner_of_the_doctors_test",
    "grant select on chatbots, org_integrations to owner_of_the_doctors_test",
    "set local role owner_of_the_doctors_test",
  ];
  const ofOne = [{ kind: "chatbot" }, { kind: "integration" }];
  expect(await after(asOwner, read)).toEqual([ofOne, ofOne]);
});
