import { type Database, withTenant } from "../platform/postgres.ts";
import type { AgentRun } from "./agent/run_agent.ts";
import type { ContextPayload } from "./context.ts";
import { recordExecutions } from "./record_answer.ts";
import { logUnreservedUsage } from "./unreserved_usage.ts";

/**
 * Writes what a run that came to no reply has used and called: its provider bills it all the same. What a model call
 * that was never answered cost, nobody tells us.
 */
export async function recordFailedRun(
  database: Database,
  context: Pick<ContextPayload, "organization_id" | "turn_id" | "chatbot">,
  { usage, executions }: Pick<AgentRun, "usage" | "executions">,
): Promise<void> {
  if (!usage) return;
  try {
    await withTenant(database, context.organization_id, async (tenant) => {
      for (const used of usage.models) {
        await logUnreservedUsage(tenant, context.turn_id, "failed", used);
      }
      await recordExecutions(tenant, context, executions);
    });
  } catch (error) {
    // the flow retries and alerts by what ended the run, which this must not take the place of
    console.warn(`What the failed run used was not recorded: ${error}`);
  }
}
