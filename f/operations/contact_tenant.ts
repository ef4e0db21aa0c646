import { type Database, one } from "../platform/postgres.ts";

/** No such contact: the id is wrong, or it was deleted. */
export class ContactNotFoundError extends Error {
  override readonly name = "ContactNotFoundError";
  readonly contactId: string;

  constructor(contactId: string) {
    super(`There is no contact ${contactId}. Look its id up in contacts.`);
    this.contactId = contactId;
  }
}

/** Whose contact it is. Throws ContactNotFoundError. */
export async function organizationOfContact(
  database: Database,
  contactId: string,
): Promise<string> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select contact_organization($1) as organization",
    [contactId],
  );
  if (organization === null) throw new ContactNotFoundError(contactId);
  return organization;
}
