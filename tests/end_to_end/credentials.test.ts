import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decryptCredential } from "../../f/platform/secrets.ts";
import { KEYS, KEYS_JSON } from "../f/operations/keys.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { startTestWindmill, type TestWindmill } from "../helpers/local_windmill.ts";
import { insertChatbot } from "../helpers/records.ts";
import type { ChatbotRow } from "../helpers/rows.ts";

const SECRET = "EAAG0-a-token-from-Meta";
const VARIABLE = "u/admin/new_token";

let db: TestDatabase;
let windmill: TestWindmill;
let chatbot: ChatbotRow;
beforeAll(async () => {
  db = await createTestDatabase();
  chatbot = await insertChatbot(db);
  windmill = await startTestWindmill({
    repositoryRoot: ".",
    variables: { "f/platform/credentials_keys": { value: KEYS_JSON, isSecret: true } },
  });
});
afterAll(async () => {
  await windmill.remove();
  await db.close();
});

it("an operator's token goes from a secret variable into its chatbot, and stays nowhere else", async () => {
  const variable = { path: VARIABLE, value: SECRET, is_secret: true, description: "" };
  expect((await windmill.api("POST", "variables/create", variable)).status).toBe(201);
  expect(filesWith(SECRET)).not.toEqual([]); // control: the search finds it where it is

  const job = await windmill.call("f/operations/set_credentials", {
    owner_table: "chatbots",
    owner_id: chatbot.id,
    secret_variable: VARIABLE,
    db: { ...db.resource("chatbot_app") },
  });
  expect(job).toMatchObject({ success: true, result: { outcome: "set", key_version: "1" } });

  const [row] = await db.query<ChatbotRow>("select * from chatbots where id = $1", [chatbot.id]);
  const owner = { organizationId: chatbot.organization_id, credentialId: chatbot.id };
  expect(decryptCredential(KEYS, owner, row?.whatsapp_access_token)).toBe(SECRET);
  expect(
    await db.query("select windmill_user from audit_log where subject_id = $1", [chatbot.id]),
  ).toEqual([{ windmill_user: expect.stringContaining("@") }]);

  expect((await windmill.api("GET", `variables/get_value/${VARIABLE}`)).status).toBe(404);
  expect(filesWith(SECRET)).toEqual([]);
});

/** What the local Windmill keeps: arguments, results, logs, variables. */
function filesWith(text: string): string[] {
  return readdirSync(windmill.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}
