import { type Database, maybeOne, one, withTenant } from "../../platform/postgres.ts";
import { ToolRefusedError } from "../agent/types.ts";

export class ToolClosedError extends ToolRefusedError {
  override readonly name = "ToolClosedError";
  readonly reason: "rate_limit" | "out_of_order" | "not_approved";

  constructor(reason: ToolClosedError["reason"]) {
    super(SENTENCES[reason]);
    this.reason = reason;
  }
}

const SENTENCES = {
  rate_limit: "this tool was called too often in the last minute; answer without it",
  out_of_order: "this tool is out of order at the moment; answer without it",
  not_approved: "this tool is not available any more; answer without it",
} as const;

export interface GatedTool {
  readonly organizationId: string;
  readonly integrationId: string;
  readonly toolName: string;
  /** of the definition that the model was shown */
  readonly hash: string;
  readonly callsPerMinute: number;
}

/** One timeout each: a tool that is down costs at most this many turns their 30 seconds. */
const FAILURES_TO_OPEN = 3;
const OPEN_FOR = "1 minute";
/** Longer than a call can take, so that one turn tries whether the tool works again and not all at once. */
const PROBE_FOR = "40 seconds";

const IS_OVER = "window_started_at <= now() - interval '1 minute'";

/** Counts a call and lets it in. Throws ToolClosedError. */
export async function enterGate(database: Database, tool: GatedTool): Promise<void> {
  const { organizationId, integrationId, toolName, hash, callsPerMinute } = tool;
  await withTenant(database, organizationId, async (tenant) => {
    const entered = await maybeOne(
      tenant,
      `update tool_definitions set
         window_started_at = case when ${IS_OVER} then now() else window_started_at end,
         window_calls = case when ${IS_OVER} then 1 else window_calls + 1 end,
         open_until = case when open_until is not null then now() + $5::interval end
       where integration_id = $1 and tool_name = $2 and approved_hash = $3
         and (open_until is null or open_until <= now())
         and (window_calls < $4 or ${IS_OVER} and $4 > 0)
       returning integration_id`,
      [integrationId, toolName, hash, callsPerMinute, PROBE_FOR],
    );
    if (entered) return;
    const gate = await maybeOne<{ is_open: boolean; is_approved: boolean }>(
      tenant,
      `select coalesce(open_until > now(), false) as is_open, approved_hash = $3 as is_approved
       from tool_definitions where integration_id = $1 and tool_name = $2`,
      [integrationId, toolName, hash],
    );
    if (!gate?.is_approved) throw new ToolClosedError("not_approved");
    throw new ToolClosedError(gate.is_open ? "out_of_order" : "rate_limit");
  });
}

/** Notes how a call went. True when this failure closed the gate. */
export function leaveGate(database: Database, tool: GatedTool, went: "well" | "wrong") {
  const { organizationId, integrationId, toolName } = tool;
  return withTenant(database, organizationId, async (tenant) => {
    if (went === "well") {
      await tenant.query(
        `update tool_definitions set consecutive_failures = 0, open_until = null
         where integration_id = $1 and tool_name = $2 and (consecutive_failures > 0 or open_until is not null)`,
        [integrationId, toolName],
      );
      return false;
    }
    const { consecutive_failures } = await one<{ consecutive_failures: number }>(
      tenant,
      `update tool_definitions set consecutive_failures = consecutive_failures + 1,
         open_until = case when consecutive_failures + 1 >= $3 then now() + $4::interval end
       where integration_id = $1 and tool_name = $2
       returning consecutive_failures`,
      [integrationId, toolName, FAILURES_TO_OPEN, OPEN_FOR],
    );
    return consecutive_failures === FAILURES_TO_OPEN;
  });
}
