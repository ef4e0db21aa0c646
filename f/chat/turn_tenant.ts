import { type Database, type InTenant, type Tenant, withTenantOf } from "../platform/postgres.ts";

/** No such turn: it was deleted with its contact, chatbot or organization. */
export class TurnNotFoundError extends Error {
  override readonly name = "TurnNotFoundError";
  readonly turnId: string;

  constructor(turnId: string) {
    super(`There is no turn ${turnId}. It may have been deleted with its contact.`);
    this.turnId = turnId;
  }
}

/** Runs `work` in a transaction of the turn's organization. Throws TurnNotFoundError. */
export async function withTenantOfTurn<Result>(
  database: Database,
  turnId: string,
  work: (tenant: Tenant) => Promise<Result>,
): Promise<InTenant<Result>> {
  const done = await withTenantOf(database, { turnId }, work);
  if (!done) throw new TurnNotFoundError(turnId);
  return done;
}
