import { decryptCredential, type KeySet } from "../f/platform/secrets.ts";
import type { Queryable } from "./connection.ts";

interface Sealed {
  readonly owner: string;
  readonly organization_id: string;
  readonly id: string;
  readonly envelope: unknown;
}

/** Tries the keys on every credential of an organization, or of all that the role sees. A backup without its keys cannot answer. */
export async function openCredentials(
  database: Queryable,
  keys: KeySet,
  organizationId: string | null = null,
): Promise<{ opened: number; problems: string[] }> {
  const sealed = await database.query<Sealed>(
    `select * from (
       select 'chatbot' as owner, organization_id, id, whatsapp_access_token as envelope
       from chatbots where whatsapp_access_token is not null
       union all
       select 'integration', organization_id, id, credentials from org_integrations where credentials is not null
     ) as sealed
     where $1::uuid is null or organization_id = $1`,
    [organizationId],
  );
  const problems: string[] = [];
  for (const { owner, organization_id, id, envelope } of sealed) {
    try {
      decryptCredential(keys, { organizationId: organization_id, credentialId: id }, envelope);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.push(`the credential of ${owner} ${id} does not open: ${why}`);
    }
  }
  return { opened: sealed.length - problems.length, problems };
}
