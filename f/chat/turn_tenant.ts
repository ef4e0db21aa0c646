import { type Database, one } from "../platform/postgres.ts";

/** No such turn: it was deleted with its contact, chatbot or organization. */
export class TurnNotFoundError extends Error {
  override readonly name = "TurnNotFoundError";
  readonly turnId: string;

  constructor(turnId: string) {
    super(`There is no turn ${turnId}. It may have been deleted with its contact.`);
    this.turnId = turnId;
  }
}

/** Whose turn it is. Throws TurnNotFoundError. */
export async function organizationOfTurn(database: Database, turnId: string): Promise<string> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select turn_organization($1) as organization",
    [turnId],
  );
  if (organization === null) throw new TurnNotFoundError(turnId);
  return organization;
}
