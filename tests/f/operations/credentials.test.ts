import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rotateCredentials } from "../../../f/operations/rotate_credentials.ts";
import {
  type CredentialTable,
  main,
  setCredentials,
  VariablePathError,
} from "../../../f/operations/set_credentials.ts";
import { NotPermittedError } from "../../../f/platform/operator_action.ts";
import { type Database, type Queryable, withDb } from "../../../f/platform/postgres.ts";
import {
  CredentialError,
  decryptCredential,
  encryptCredential,
} from "../../../f/platform/secrets.ts";
import { RowNotFoundError } from "../../../f/platform/tenant_of_row.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertOrgIntegration } from "../../helpers/integration_records.ts";
import { insertChatbot, insertUser } from "../../helpers/records.ts";
import { KEYS, NEW_KEY_ONLY, TWO_KEYS } from "./keys.ts";
import { OPERATOR } from "./operators.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const COLUMN = { chatbots: "whatsapp_access_token", org_integrations: "credentials" } as const;

async function insertOwner(table: CredentialTable) {
  const row = await (table === "chatbots" ? insertChatbot(db) : insertOrgIntegration(db));
  return { table, id: row.id, organizationId: row.organization_id };
}

const set = (
  owner: { table: CredentialTable; id: string },
  secret: string,
  userId?: string,
  keySet = KEYS,
) =>
  withDb(db.resource("chatbot_app"), (database) =>
    setCredentials(database, keySet, { ...OPERATOR, userId: userId ?? null }, owner, secret),
  );
const rotate = (keySet = TWO_KEYS, before: Before = async () => undefined) =>
  withDb(db.resource("chatbot_app"), (database) =>
    rotateCredentials(watched(database, before), keySet, OPERATOR),
  );

/** Called with each statement before the database gets it. */
type Before = (sql: string) => Promise<void>;

function watched(database: Database, before: Before): Database {
  const watch = (queryable: Queryable): Queryable => ({
    query: async (sql, params) => {
      await before(sql);
      return queryable.query(sql, params);
    },
  });
  return {
    ...watch(database),
    exclusively: (work) => database.exclusively((connection) => work(watch(connection))),
  };
}

const opened = ({ id, organizationId }: Owner, envelope: unknown) =>
  decryptCredential(NEW_KEY_ONLY, { organizationId, credentialId: id }, envelope);
const rotationsOf = ({ id }: Owner) =>
  db.query("select from audit_log where subject_id = $1 and action = 'rotate_credentials'", [id]);

type Owner = Awaited<ReturnType<typeof insertOwner>>;

async function envelopeOf({ table, id }: { table: CredentialTable; id: string }) {
  const [row] = await db.query<{ envelope: { v: string } }>(
    `select ${COLUMN[table]} as envelope from ${table} where id = $1`,
    [id],
  );
  return row?.envelope;
}

describe.each<CredentialTable>(["chatbots", "org_integrations"])("a credential of %s", (table) => {
  it("is stored sealed, for its owner and nobody else", async () => {
    const owner = await insertOwner(table);
    expect(await set(owner, "EAAG0token")).toEqual({
      outcome: "set",
      owner_id: owner.id,
      key_version: "1",
    });
    const envelope = await envelopeOf(owner);
    expect(JSON.stringify(envelope)).not.toContain("EAAG0token");
    const open = (organizationId: string, credentialId: string) =>
      decryptCredential(KEYS, { organizationId, credentialId }, envelope);
    expect(open(owner.organizationId, owner.id)).toBe("EAAG0token");
    // a row copied to another tenant, or to another row of the same one
    expect(() => open(randomUUID(), owner.id)).toThrow(CredentialError);
    expect(() => open(owner.organizationId, randomUUID())).toThrow(CredentialError);
  });

  it("is sealed again with the new key, and then opens without the old one", async () => {
    const owner = await insertOwner(table);
    await set(owner, "EAAG0token");
    expect(await rotate()).toMatchObject({ key_version: "2", failed: [] });
    const opened = decryptCredential(
      NEW_KEY_ONLY,
      { organizationId: owner.organizationId, credentialId: owner.id },
      await envelopeOf(owner),
    );
    expect(opened).toBe("EAAG0token");
  });

  it("of nobody is refused", async () => {
    await expect(set({ table, id: randomUUID() }, "x")).rejects.toThrow(RowNotFoundError);
  });
});

describe("setting a credential", () => {
  it("is refused to a member, and the old one stays", async () => {
    const owner = await insertOwner("chatbots");
    await set(owner, "EAAG0old");
    const before = await envelopeOf(owner);
    const member = await insertUser(db, { organization_id: owner.organizationId, role: "member" });
    await expect(set(owner, "EAAG0new", member.id)).rejects.toThrow(NotPermittedError);
    expect(await envelopeOf(owner)).toEqual(before);
    const admin = await insertUser(db, { organization_id: owner.organizationId, role: "admin" });
    await set(owner, "EAAG0new", admin.id); // control
    expect(await envelopeOf(owner)).not.toEqual(before);
  });

  it("does not repeat a secret that was given in the variable's place", async () => {
    const given = main("chatbots", randomUUID(), "EAAG0secret token", db.resource("chatbot_app"));
    await expect(given).rejects.toThrow(VariablePathError);
    await expect(given).rejects.not.toThrow(/EAAG0/);
  });
});

describe("rotating", () => {
  it("changes nothing the second time", async () => {
    const owner = await insertOwner("chatbots");
    await set(owner, "EAAG0token");
    await rotate();
    const sealed = await envelopeOf(owner);
    expect(await rotate()).toEqual({ key_version: "2", rotated: 0, failed: [] });
    expect(await envelopeOf(owner)).toEqual(sealed);
  });

  it("leaves alone what was set anew after it began", async () => {
    const owner = await insertOwner("chatbots");
    await set(owner, "EAAG0old");
    let isSet = false;
    const rotated = await rotate(TWO_KEYS, async (sql) => {
      if (isSet || !sql.startsWith("begin")) return;
      isSet = true;
      await set(owner, "EAAG0new", undefined, TWO_KEYS);
    });
    expect(rotated).toMatchObject({ rotated: 0, failed: [] });
    expect(opened(owner, await envelopeOf(owner))).toBe("EAAG0new");
    expect(await rotationsOf(owner)).toEqual([]);
  });

  it("that is killed on the way is finished by the next, each credential once", async () => {
    const owners = [
      await insertOwner("chatbots"),
      await insertOwner("chatbots"),
      await insertOwner("org_integrations"),
    ];
    for (const [index, owner] of owners.entries()) await set(owner, `EAAG0token${index}`);
    let audits = 0;
    const killed = rotate(TWO_KEYS, async (sql) => {
      // the second credential is written and its line in the audit log is not
      if (sql.includes("insert into audit_log") && ++audits === 2) throw new Error("killed");
    });
    await expect(killed).rejects.toThrow("killed");
    const versions = async () =>
      (await Promise.all(owners.map(envelopeOf))).map((envelope) => envelope?.v).toSorted();
    expect(await versions()).toEqual(["1", "1", "2"]);

    expect(await rotate()).toEqual({ key_version: "2", rotated: 2, failed: [] });
    for (const [index, owner] of owners.entries()) {
      expect(opened(owner, await envelopeOf(owner))).toBe(`EAAG0token${index}`);
      expect(await rotationsOf(owner)).toHaveLength(1);
    }
  });

  it("names what does not open, leaves it, and rotates the others", async () => {
    const broken = await insertOwner("chatbots");
    const somebodyElse = { organizationId: randomUUID(), credentialId: broken.id };
    const foreign = encryptCredential(KEYS, somebodyElse, "EAAG0");
    await db.query("update chatbots set whatsapp_access_token = $2 where id = $1", [
      broken.id,
      JSON.stringify(foreign),
    ]);
    const sound = await insertOwner("chatbots");
    await set(sound, "EAAG0token");
    expect(await rotate()).toEqual({
      key_version: "2",
      rotated: 1,
      failed: [`chatbots ${broken.id}`],
    });
    expect(await envelopeOf(broken)).toMatchObject({ v: "1" });
    expect(await envelopeOf(sound)).toMatchObject({ v: "2" });
  });
});
