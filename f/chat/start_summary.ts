import type { Database } from "../platform/postgres.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";
import { readUnsummarised } from "./unsummarised.ts";

/** Starts a script and returns its job id. */
type StartScript = (path: string, args: Readonly<Record<string, unknown>>) => Promise<string>;

/** Starts a job for what fell out of the contact's history, if that is worth one: most turns start none. */
export async function startSummary(
  database: Database,
  start: StartScript,
  turnId: string,
): Promise<void> {
  try {
    const { result: due } = await withTenantOfTurn(database, turnId, (tenant) =>
      readUnsummarised(tenant, turnId),
    );
    if (!due) return;
    // the database goes as a reference: job arguments are stored, and hold no password
    await start("f/chat/summarize_conversation", {
      turn_id: turnId,
      db: "$res:f/platform/postgres",
    });
  } catch (error) {
    // the turn is closed; the next one finds it due again
    console.warn(error instanceof Error ? error.message : error);
  }
}
