import { one, type Tenant } from "../platform/postgres.ts";
import { newFence } from "./agent/fenced.ts";
import type { TurnData } from "./agent/turn_data.ts";

/**
 * Read by the step that asks the model, and no part of the context: that is kept as a job's result, where what a
 * contact told us has no business.
 */
export async function readTurnData(tenant: Tenant, turnId: string): Promise<TurnData> {
  const { variables, ...read } = await one<{
    today: string;
    summary: string;
    variables: Record<string, unknown>;
    traceparent: string | null;
  }>(
    tenant,
    `select to_char(now() at time zone o.timezone, 'YYYY-MM-DD, FMDay, HH24:MI') as today, c.summary, c.variables,
       (select e.traceparent from webhook_events e where e.turn_id = t.id order by e.id limit 1) as traceparent
     from turns t
     join contacts c on c.id = t.contact_id
     join organizations o on o.id = t.organization_id
     where t.id = $1`,
    [turnId],
  );
  return { ...read, variables: shownVariables(variables), fence: newFence() };
}

/** About 2,000 tokens: what an operator's own program stored there may be of any size. */
const MAX_SHOWN = 8_000;

function shownVariables(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  let length = 0;
  const texts = Object.entries(variables).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(
    texts.filter(([name, text]) => {
      length += name.length + text.length;
      return length <= MAX_SHOWN;
    }),
  );
}
