import type { Queryable } from "../../db/connection.ts";
import { decryptCredential, type KeySet } from "../../f/platform/secrets.ts";
import type { Clients } from "./clients.ts";
import { readKeySet } from "./key_set.ts";
import { inEachTenant } from "./tenants.ts";

/** The number of an active chatbot, and what it takes to act as it. */
export interface BusinessNumber {
  readonly chatbotId: string;
  readonly phoneNumberId: string;
  /** undefined: none is stored */
  readonly accessToken: string | undefined;
}

interface Row {
  readonly id: string;
  readonly organization_id: string;
  readonly phone_number_id: string;
  readonly whatsapp_access_token: unknown;
}

/** How many numbers are asked about at once: Meta allows 200 such calls an hour for each business account. */
const AT_ONCE = 8;

/** @throws {CredentialError} for a token that does not open */
export async function readBusinessNumbers({
  windmill,
  withDatabase,
}: Clients): Promise<BusinessNumber[]> {
  const keys = await readKeySet(windmill);
  const rows = await withDatabase((db) => inEachTenant(db, (id) => activeChatbots(db, id)));
  return rows.flat().map((row) => ({
    chatbotId: row.id,
    phoneNumberId: row.phone_number_id,
    accessToken: tokenOf(row, keys),
  }));
}

function activeChatbots(db: Queryable, organizationId: string | null): Promise<Row[]> {
  return db.query<Row>(
    `select b.id, b.organization_id, b.phone_number_id, b.whatsapp_access_token
     from chatbots b join organizations o on o.id = b.organization_id
     where b.is_active and o.is_active and ($1::uuid is null or b.organization_id = $1)
     order by b.id`,
    [organizationId],
  );
}

function tokenOf(row: Row, keys: KeySet): string | undefined {
  if (row.whatsapp_access_token === null) return undefined;
  const owner = { organizationId: row.organization_id, credentialId: row.id };
  return decryptCredential(keys, owner, row.whatsapp_access_token);
}

/** The results in the numbers' order, a few at a time. */
export async function forEachNumber<Result>(
  numbers: readonly BusinessNumber[],
  ask: (number: BusinessNumber) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < numbers.length; start += AT_ONCE) {
    results.push(...(await Promise.all(numbers.slice(start, start + AT_ONCE).map(ask))));
  }
  return results;
}
