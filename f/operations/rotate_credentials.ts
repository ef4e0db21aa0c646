import * as wmill from "windmill-client";
import { type Operator, operatorOfJob, recordAction } from "../platform/operator_action.ts";
import {
  type Database,
  many,
  maybeOne,
  type Postgresql,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import {
  CredentialError,
  decryptCredential,
  encryptCredential,
  type KeySet,
  parseKeySet,
} from "../platform/secrets.ts";
import type { CredentialTable } from "./set_credentials.ts";

export interface Rotated {
  /** the version that every credential is sealed with now, but for those below */
  readonly key_version: string;
  readonly rotated: number;
  /** these do not open with any key of the set: set them anew before an old key is taken out */
  readonly failed: readonly string[];
}

interface Sealed {
  readonly organization_id: string;
  readonly owner_table: CredentialTable;
  readonly owner_id: string;
}

/**
 * Seals every credential again that is not sealed with the current key. Add the new key to
 * f/platform/credentials_keys and make it current, run this, and then take the old key out.
 */
export async function main(db: Postgresql): Promise<Rotated> {
  const keySet = parseKeySet(await wmill.getVariable("f/platform/credentials_keys"));
  return withDb(db, (database) => rotateCredentials(database, keySet, operatorOfJob()));
}

export async function rotateCredentials(
  database: Database,
  keySet: KeySet,
  operator: Operator,
): Promise<Rotated> {
  const sealed = await many<Sealed>(database, "select * from credentials_to_rotate($1)", [
    keySet.current,
  ]);
  let rotated = 0;
  const failed: string[] = [];
  for (const credential of sealed) {
    try {
      if (await sealAgain(database, keySet, operator, credential)) rotated += 1;
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      // one that does not open must not keep the others from being rotated; the answer names it
      console.error(error.message);
      failed.push(`${credential.owner_table} ${credential.owner_id}`);
    }
  }
  return { key_version: keySet.current, rotated, failed };
}

const COLUMN = {
  chatbots: "whatsapp_access_token",
  org_integrations: "credentials",
} as const satisfies Record<CredentialTable, string>;

/** Under the row's lock: a credential that is set at this moment is not overwritten with the old one. */
function sealAgain(
  database: Database,
  keySet: KeySet,
  operator: Operator,
  { organization_id, owner_table, owner_id }: Sealed,
): Promise<boolean> {
  const column = COLUMN[owner_table];
  const owner = { organizationId: organization_id, credentialId: owner_id };
  return withTenant(database, organization_id, async (tenant) => {
    const row = await maybeOne<{ envelope: unknown }>(
      tenant,
      `select ${column} as envelope from ${owner_table}
       where id = $1 and ${column} ->> 'v' <> $2 for update`,
      [owner_id, keySet.current],
    );
    if (!row) return false;
    const envelope = encryptCredential(
      keySet,
      owner,
      decryptCredential(keySet, owner, row.envelope),
    );
    await tenant.query(`update ${owner_table} set ${column} = $2 where id = $1`, [
      owner_id,
      JSON.stringify(envelope),
    ]);
    const subject = { table: owner_table, id: owner_id };
    await recordAction(tenant, operator, "rotate_credentials", subject, {
      key_version: envelope.v,
    });
    return true;
  });
}
