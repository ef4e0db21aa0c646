import * as z from "zod/v4";
import { type Database, one } from "./postgres.ts";

/** By which an id is mapped to its organization, before any tenant is set. */
const LOOKUP = {
  chatbots: "select chatbot_organization($1) as organization",
  contacts: "select contact_organization($1) as organization",
  knowledge_sources: "select knowledge_source_organization($1) as organization",
  org_integrations: "select integration_organization($1) as organization",
} as const;

export interface TenantRow {
  readonly table: keyof typeof LOOKUP;
  readonly id: string;
}

/** No such row: the id is wrong, or it was deleted. */
export class RowNotFoundError extends Error {
  override readonly name = "RowNotFoundError";
  readonly row: TenantRow;

  constructor(row: TenantRow) {
    super(`There is no row ${row.id} in ${row.table}. Look its id up there.`);
    this.row = row;
  }
}

/** Of any version: which one, PostgreSQL does not ask. */
const uuid = z.guid();

/** Whose row it is; null when there is none, as for what is no id at all: a person may have typed it. */
export async function findOrganization(
  database: Database,
  { table, id }: TenantRow,
): Promise<string | null> {
  if (!uuid.safeParse(id).success) return null;
  const { organization } = await one<{ organization: string | null }>(database, LOOKUP[table], [
    id,
  ]);
  return organization;
}

/** Whose row it is. Throws RowNotFoundError. */
export async function organizationOf(database: Database, row: TenantRow): Promise<string> {
  const organization = await findOrganization(database, row);
  if (organization === null) throw new RowNotFoundError(row);
  return organization;
}
