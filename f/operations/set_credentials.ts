import * as wmill from "windmill-client";
import { actOn, type Operator, operatorOfJob } from "../platform/operator_action.ts";
import { type Database, maybeOne, type Postgresql, withDb } from "../platform/postgres.ts";
import { encryptCredential, type KeySet, parseKeySet } from "../platform/secrets.ts";
import { organizationOf, RowNotFoundError } from "../platform/tenant_of_row.ts";
import { deleteVariable } from "../platform/windmill.ts";

/** What a credential belongs to: a chatbot's WhatsApp access token, or what an integration's server asks for. */
export type CredentialTable = "chatbots" | "org_integrations";

export interface CredentialsSet {
  readonly outcome: "set";
  readonly owner_id: string;
  /** the version of the key that sealed it */
  readonly key_version: string;
}

/** Not the path of a variable. The value is not quoted: it may be the secret itself, given by mistake. */
export class VariablePathError extends Error {
  override readonly name = "VariablePathError";

  constructor() {
    super(
      "secret_variable is not the path of a variable. Create a secret variable in Windmill, such as u/admin/new_token, and give its path without $var: in front.",
    );
  }
}

export class SecretEmptyError extends Error {
  override readonly name = "SecretEmptyError";

  constructor(path: string) {
    super(`The variable ${path} is empty: enter the secret there and run this again.`);
  }
}

const VARIABLE_PATH = /^[uf]\/[\w-]+(\/[\w-]+)+$/;

const SEAL = {
  chatbots: "update chatbots set whatsapp_access_token = $2 where id = $1 returning id",
  org_integrations: "update org_integrations set credentials = $2 where id = $1 returning id",
} as const satisfies Record<CredentialTable, string>;

/**
 * Seals a secret and stores it. A job's arguments can be read by whoever sees its run, so the secret comes by way of
 * a secret variable, which is deleted once the sealed one is stored.
 */
export async function main(
  owner_table: CredentialTable,
  owner_id: string,
  secret_variable: string,
  db: Postgresql,
  user_id?: string,
): Promise<CredentialsSet> {
  if (!VARIABLE_PATH.test(secret_variable)) throw new VariablePathError();
  const [keys, secret] = await Promise.all([
    wmill.getVariable("f/platform/credentials_keys"),
    wmill.getVariable(secret_variable),
  ]);
  if (secret.trim() === "") throw new SecretEmptyError(secret_variable);
  const owner = { table: owner_table, id: owner_id };
  const set = await withDb(db, (database) =>
    setCredentials(database, parseKeySet(keys), operatorOfJob(user_id), owner, secret.trim()),
  );
  await deleteVariable(secret_variable);
  return set;
}

/** Throws RowNotFoundError, NotPermittedError. */
export async function setCredentials(
  database: Database,
  keySet: KeySet,
  operator: Operator,
  owner: { readonly table: CredentialTable; readonly id: string },
  secret: string,
): Promise<CredentialsSet> {
  const organization = await organizationOf(database, owner);
  const sealed = encryptCredential(
    keySet,
    { organizationId: organization, credentialId: owner.id },
    secret,
  );
  const act = { operator, action: "set_credentials", subject: owner } as const;
  await actOn(database, organization, act, async (tenant, record) => {
    const stored = await maybeOne(tenant, SEAL[owner.table], [owner.id, JSON.stringify(sealed)]);
    if (!stored) throw new RowNotFoundError(owner);
    await record({ key_version: sealed.v });
  });
  return { outcome: "set", owner_id: owner.id, key_version: sealed.v };
}
