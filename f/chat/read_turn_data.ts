import type { PriceOf } from "../platform/model_table.ts";
import { maybeOne, type Tenant } from "../platform/postgres.ts";
import { newFence } from "./agent/fenced.ts";
import type { TurnData } from "./agent/turn_data.ts";
import { pricesOf } from "./turn_prices.ts";

/** A turn whose reply is still to be made. */
export interface UnansweredTurn extends TurnData {
  readonly priceOf: PriceOf;
}

/**
 * Read by the step that asks the model, and no part of the context: that is kept as a job's result, where what a
 * contact told us has no business. superseded: another run has the turn. has_reply: the job was restarted, and the
 * model is not asked twice.
 */
export async function readUnansweredTurn(
  tenant: Tenant,
  turnId: string,
  fence: number,
): Promise<UnansweredTurn | "superseded" | "has_reply"> {
  const turn = await maybeOne<{
    has_reply: boolean;
    model_prices: unknown;
    today: string;
    summary: string;
    variables: Record<string, unknown>;
    traceparent: string | null;
  }>(
    tenant,
    `select t.reply is not null as has_reply, b.model_prices,
       to_char(now() at time zone o.timezone, 'YYYY-MM-DD, FMDay, HH24:MI') as today, c.summary, c.variables,
       (select e.traceparent from webhook_events e where e.turn_id = t.id order by e.id limit 1) as traceparent
     from turns t
     join contacts c on c.id = t.contact_id
     join chatbots b on b.id = t.chatbot_id
     join organizations o on o.id = t.organization_id
     where t.id = $1 and t.fence = $2 and t.status in ('generating', 'replying')`,
    [turnId, fence],
  );
  if (!turn) return "superseded";
  const { has_reply, model_prices, variables, ...read } = turn;
  if (has_reply) return "has_reply";
  return {
    ...read,
    priceOf: pricesOf(model_prices),
    variables: shownVariables(variables),
    fence: newFence(),
  };
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
