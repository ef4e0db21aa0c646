import { readFile } from "node:fs/promises";
import { encryptCredential, type KeySet } from "../f/platform/secrets.ts";
import { withConnection } from "./connection.ts";

/** The ids that seed.sql gives. */
export const SEEDED = {
  organizationId: "00000000-0000-4000-8000-000000000001",
  chatbotId: "00000000-0000-4000-8000-000000000002",
  name: "Aurora Bikes",
};

export interface SeedValues {
  /** Meta's id of the business number that the chatbot answers on. */
  phoneNumberId: string;
  displayPhoneNumber: string;
  /** Kept encrypted; without one the chatbot cannot send. */
  accessToken?: { value: string; keys: KeySet };
}

/** Puts the development data into a migrated database, or brings its number and token up to date. */
export async function seed(databaseUrl: string, values: SeedValues): Promise<void> {
  const sql = await readFile(new URL("./seed.sql", import.meta.url), "utf8");
  const { accessToken } = values;
  const owner = { organizationId: SEEDED.organizationId, credentialId: SEEDED.chatbotId };
  const envelope = accessToken
    ? JSON.stringify(encryptCredential(accessToken.keys, owner, accessToken.value))
    : "";
  await withConnection(databaseUrl, async (database) => {
    await database.query("begin");
    await database.query(
      `select set_config('seed.phone_number_id', $1, true),
         set_config('seed.display_phone_number', $2, true),
         set_config('seed.whatsapp_access_token', $3, true)`,
      [values.phoneNumberId, values.displayPhoneNumber, envelope],
    );
    await database.query(sql);
    // an error on the way leaves the transaction to the end of the connection, which rolls it back
    await database.query("commit");
  });
}
