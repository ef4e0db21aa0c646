import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encryptCredential, parseKeySet } from "../../f/platform/secrets.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertOrgIntegration } from "../helpers/integration_records.ts";
import { insertChatbot } from "../helpers/records.ts";

const KEYS = parseKeySet(
  JSON.stringify({ current: "1", keys: { "1": Buffer.alloc(32, 7).toString("base64") } }),
);
const OWNER = {
  organizationId: "00000000-0000-4000-8000-000000000001",
  credentialId: "00000000-0000-4000-8000-000000000002",
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("a column for a credential", () => {
  it("takes what encryptCredential makes", async () => {
    const envelope = encryptCredential(KEYS, OWNER, "EAAG0token");
    const chatbot = await insertChatbot(database, { whatsapp_access_token: envelope });
    expect(chatbot.whatsapp_access_token).toEqual(envelope);
  });

  it.each([
    ["a plain token in an object", { token: "EAAG0token" }],
    ["an envelope with something beside it", { ...envelope(), token: "EAAG0token" }],
    ["an initialization vector of another length", { ...envelope(), iv: "AAAA" }],
    ["a cut tag", { ...envelope(), tag: "AAAAAA==" }],
    ["data that is not base64", { ...envelope(), data: "EAAG0 token" }],
  ])("refuses %s", async (_, value) => {
    await expect(insertOrgIntegration(database, { credentials: value })).rejects.toMatchObject({
      code: "23514",
      constraint: "org_integrations_credentials_check",
    });
    await expect(insertChatbot(database, { whatsapp_access_token: value })).rejects.toMatchObject({
      code: "23514",
      constraint: "chatbots_whatsapp_access_token_check",
    });
  });

  it("refuses a plain string", async () => {
    const stored = database.query(
      `update org_integrations set credentials = '"EAAG0token"' where id = $1`,
      [(await insertOrgIntegration(database)).id],
    );
    await expect(stored).rejects.toMatchObject({
      code: "23514",
      constraint: "org_integrations_credentials_check",
    });
  });
});

function envelope() {
  return encryptCredential(KEYS, OWNER, "EAAG0token");
}
