import { type Database, one } from "../platform/postgres.ts";

/** No such integration: the id is wrong, or it was deleted. */
export class IntegrationNotFoundError extends Error {
  override readonly name = "IntegrationNotFoundError";
  readonly integrationId: string;

  constructor(integrationId: string) {
    super(`There is no integration ${integrationId}. Look its id up in org_integrations.`);
    this.integrationId = integrationId;
  }
}

/** Whose integration it is. Throws IntegrationNotFoundError. */
export async function organizationOfIntegration(
  database: Database,
  integrationId: string,
): Promise<string> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select integration_organization($1) as organization",
    [integrationId],
  );
  if (organization === null) throw new IntegrationNotFoundError(integrationId);
  return organization;
}
