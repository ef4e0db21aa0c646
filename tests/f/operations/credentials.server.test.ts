import { afterAll, beforeAll, expect, it } from "vitest";
import { rotateCredentials } from "../../../f/operations/rotate_credentials.ts";
import { setCredentials } from "../../../f/operations/set_credentials.ts";
import { type Database, withDb } from "../../../f/platform/postgres.ts";
import { decryptCredential, type KeySet } from "../../../f/platform/secrets.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { eventually } from "../../helpers/eventually.ts";
import { insertChatbot } from "../../helpers/records.ts";
import { KEYS, TWO_KEYS } from "./keys.ts";
import { OPERATOR } from "./operators.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const as = <Result>(work: (database: Database) => Promise<Result>) =>
  withDb(db.resource("chatbot_app"), work);

it("lets who sets a credential wait for a rotation that has read the old one, and win", async () => {
  const { id, organization_id } = await insertChatbot(db);
  const set = (keys: KeySet, secret: string) =>
    as((database) => setCredentials(database, keys, OPERATOR, { table: "chatbots", id }, secret));
  await set(KEYS, "EAAG0old");

  let isSetting = false;
  let setting: Promise<unknown> | undefined;
  const isOver = async () => {
    const waiting = await db.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(!isSetting || waiting.length === 1).toBe(true);
  };
  await as((database) =>
    rotateCredentials(
      {
        ...database,
        exclusively: (work) =>
          database.exclusively((connection) =>
            work({
              query: async (sql, params) => {
                if (sql.startsWith("update chatbots")) {
                  isSetting = true;
                  setting = set(TWO_KEYS, "EAAG0new").finally(() => {
                    isSetting = false;
                  });
                  await eventually(isOver);
                }
                return connection.query(sql, params);
              },
            }),
          ),
      },
      TWO_KEYS,
      OPERATOR,
    ),
  );
  await setting;
  const [row] = await db.query<{ envelope: unknown }>(
    "select whatsapp_access_token as envelope from chatbots where id = $1",
    [id],
  );
  const owner = { organizationId: organization_id, credentialId: id };
  expect(decryptCredential(TWO_KEYS, owner, row?.envelope)).toBe("EAAG0new");
});
