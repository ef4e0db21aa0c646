import { leaveOrClose, type StartFlow, startNext } from "../platform/close_turn.ts";
import { type Database, type Postgresql, withDb } from "../platform/postgres.ts";
import { startFlow, startScript } from "../platform/windmill.ts";
import { startSummary } from "./start_summary.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";

/**
 * superseded: another run has the turn and closes it. left: a part of its reply was surely not sent, or nobody knows
 * whether it was; recover_turns goes on.
 */
export type FinishedTurn =
  | { readonly outcome: "superseded" | "left"; readonly turn_id: string }
  | {
      readonly outcome: "finished";
      readonly turn_id: string;
      readonly status: "completed" | "failed";
      readonly next_flow_job_id: string | null;
    };

/** Step 4. Closes the turn as the database says it went, and starts the next one if the contact wrote meanwhile. */
export async function main(turn_id: string, fence: number, db: Postgresql): Promise<FinishedTurn> {
  return withDb(db, async (database) => {
    const finished = await finishTurn(database, startFlow, turn_id, fence);
    if (finished.outcome === "finished") await startSummary(database, startScript, turn_id);
    return finished;
  });
}

export async function finishTurn(
  database: Database,
  start: StartFlow,
  turnId: string,
  fence: number,
): Promise<FinishedTurn> {
  const { result: ended } = await withTenantOfTurn(database, turnId, (tenant) =>
    leaveOrClose(tenant, { turnId, fence }),
  );
  if (ended.outcome !== "closed") return { outcome: ended.outcome, turn_id: turnId };
  return {
    outcome: "finished",
    turn_id: turnId,
    status: ended.status,
    next_flow_job_id: await startNext(start, ended),
  };
}
